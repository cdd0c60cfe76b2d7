#include "worker/session/attempt_files.h"

#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace sheaf::session {
namespace {

class AttemptFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sheaf-leases-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  AttemptFiles open() {
    auto files = AttemptFiles::open(folder_);
    EXPECT_TRUE(files.has_value());
    return std::move(*files);
  }

  std::filesystem::path folder_;
};

const wire::Lease kLease{.spec = {.attempt = {7},
                                  .run = {6},
                                  .job = {2},
                                  .task_key = "t",
                                  .fence = 9,
                                  .arguments = {"true"}},
                         .token = "token"};

TEST_F(AttemptFilesTest, ALeaseOutlivesTheAgent) {
  ASSERT_TRUE(open().store_lease(kLease).has_value());
  const auto leases = open().leases();
  ASSERT_TRUE(leases.has_value()) << leases.error().message;
  EXPECT_EQ(leases->leases, std::vector{kLease});
  EXPECT_TRUE(leases->damaged.empty());
}

TEST_F(AttemptFilesTest, AnOutcomeOutlivesTheAgentUntilTheAttemptIsForgotten) {
  const AttemptFiles files = open();
  ASSERT_TRUE(files.store_lease(kLease).has_value());
  EXPECT_FALSE(files.outcome({7})->has_value());
  const wire::ResultReport report{
      .attempt = {7},
      .fence = 9,
      .outcome = {.end = model::AttemptEnd::kNotStarted, .message = "no"}};
  ASSERT_TRUE(files.store_outcome(report).has_value());
  EXPECT_EQ(**open().outcome({7}), report);
  ASSERT_TRUE(files.remove({7}).has_value());
  ASSERT_TRUE(files.remove({7}).has_value());
  EXPECT_TRUE(open().leases()->leases.empty());
  EXPECT_FALSE(open().outcome({7})->has_value());
}

TEST_F(AttemptFilesTest, ADamagedLeaseIsToldByItsAttempt) {
  const AttemptFiles files = open();
  ASSERT_TRUE(files.store_lease(kLease).has_value());
  std::ofstream(folder_ / "8.lease") << "garbage";
  std::ofstream(folder_ / "9.lease") << "";
  const auto stored = files.leases();
  ASSERT_TRUE(stored.has_value()) << stored.error().message;
  EXPECT_EQ(stored->leases, std::vector{kLease});
  ASSERT_EQ(stored->damaged.size(), 2U);
  EXPECT_EQ(stored->damaged[0].attempt.value + stored->damaged[1].attempt.value, 8 + 9);
  EXPECT_EQ(stored->damaged[0].error.code, ErrorCode::kCorrupt);
}

TEST_F(AttemptFilesTest, HalfWrittenAndForeignFilesDoNotCount) {
  const AttemptFiles files = open();
  std::ofstream(folder_ / "7.lease.part") << "garbage";
  std::ofstream(folder_ / "seven.lease") << "garbage";
  EXPECT_TRUE(files.leases()->leases.empty());
  EXPECT_TRUE(files.leases()->damaged.empty());
}

TEST_F(AttemptFilesTest, TheHighWaterMarkIsKept) {
  EXPECT_EQ(open().high_water().epoch, 0U);
  ASSERT_TRUE(open().store_high_water({.epoch = 4, .fence = 77}).has_value());
  EXPECT_EQ(open().high_water().epoch, 4U);
  EXPECT_EQ(open().high_water().fence, 77U);
}

}  // namespace
}  // namespace sheaf::session
