#include "worker/environments/preparer.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sheaf::environments {
namespace {

std::optional<std::string> find_variable(const PreparedAttempt& prepared, const std::string& name) {
  const auto found =
      std::ranges::find(prepared.env, name, &std::pair<std::string, std::string>::first);
  return found == prepared.env.end() ? std::nullopt : std::optional(found->second);
}

struct PreparerTest : testing::Test {
  PreparedAttempt prepare(const model::AttemptSpec& spec) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / "preparer_test";
    auto preparer =
        Preparer::open({.folder = folder, .runtime_package = folder / "no runtime"}).value();
    const std::string text;
    const std::atomic<bool> is_cancelled{false};
    return preparer
        ->prepare(
            {.spec = spec, .token = text, .http_base_url = text, .is_cancelled = is_cancelled})
        .value();
  }
};

TEST_F(PreparerTest, AnAttemptSeesTheDevicesThatItWasGivenAndNoOthers) {
  const auto prepared = prepare({.attempt = AttemptId{2},
                                 .run = RunId{1},
                                 .job = JobId{1},
                                 .arguments = {"true"},
                                 .env = {{"CUDA_VISIBLE_DEVICES", "0,1,2,3"}},
                                 .gpus = {1, 3}});
  EXPECT_EQ(find_variable(prepared, "SHEAF_GPUS"), "1,3");
  EXPECT_EQ(find_variable(prepared, "CUDA_VISIBLE_DEVICES"), "1,3");
}

TEST_F(PreparerTest, AnAttemptWithoutDevicesKeepsWhatItsAuthorWrote) {
  const auto prepared = prepare({.attempt = AttemptId{2},
                                 .run = RunId{1},
                                 .job = JobId{1},
                                 .arguments = {"true"},
                                 .env = {{"CUDA_VISIBLE_DEVICES", "7"}}});
  EXPECT_EQ(find_variable(prepared, "SHEAF_GPUS"), std::nullopt);
  EXPECT_EQ(find_variable(prepared, "CUDA_VISIBLE_DEVICES"), "7");
}

}  // namespace
}  // namespace sheaf::environments
