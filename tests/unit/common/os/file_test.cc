#include "common/os/file.h"

#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sheaf::os {
namespace {

class File : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/sheaf-file-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

TEST_F(File, ReplacesContentsAndLeavesNothingBeside) {
  const auto path = folder_ / "state";
  ASSERT_TRUE(replace_file(path, "first"));
  ASSERT_TRUE(replace_file(path, "second, longer"));
  EXPECT_EQ(read_file(path, 100).value(), "second, longer");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state.new"));
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
}

TEST_F(File, MakesPrivateFoldersWithTheirParents) {
  ASSERT_TRUE(make_private_folder(folder_ / "a" / "b" / "c"));
  ASSERT_TRUE(make_private_folder(folder_ / "a" / "b" / "c"));
  struct stat status{};
  ASSERT_EQ(::stat((folder_ / "a" / "b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777u, 0700u);
}

TEST_F(File, RefusesAFileLongerThanTheLimit) {
  const auto path = folder_ / "long";
  ASSERT_TRUE(replace_file(path, std::string(100, 'x')));
  EXPECT_EQ(read_file(path, 100).value().size(), 100u);
  EXPECT_EQ(read_file(path, 99).error().code, ErrorCode::kExhausted);
}

TEST_F(File, NeitherWaitsForAPipeNorReadsAFolder) {
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_file(folder_ / "pipe", 100).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(read_file(folder_, 100).error().code, ErrorCode::kInvalid);
}

TEST_F(File, ReadsFilesThatTellNoLength) {
  EXPECT_NE(read_file("/proc/self/status", 1 << 20).value().find("Pid:"), std::string::npos);
}

TEST_F(File, WritesAndReadsAtOffsets) {
  const auto path = folder_ / "log";
  auto file = open_file(path, O_RDWR | O_CREAT);
  ASSERT_TRUE(file);
  ASSERT_TRUE(write_all_at(file->get(), "world", 6, path));
  ASSERT_TRUE(write_all_at(file->get(), "hello ", 0, path));
  EXPECT_EQ(read_at(file->get(), 0, 100, path).value(), "hello world");
  EXPECT_EQ(read_at(file->get(), 4, 3, path).value(), "o w");
  EXPECT_EQ(read_at(file->get(), 50, 3, path).value(), "");
  EXPECT_EQ(file_size(file->get(), path).value(), 11u);
}

TEST_F(File, NamesCallPathAndRemedy) {
  const auto missing = open_file(folder_ / "none", O_RDONLY);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message,
            "open " + (folder_ / "none").string() + ": No such file or directory");
  EXPECT_EQ(error_of_errno(ENOSPC, "write x").code, ErrorCode::kExhausted);
}

}  // namespace
}  // namespace sheaf::os
