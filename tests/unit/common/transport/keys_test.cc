#include "common/transport/keys.h"

#include <fstream>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/common/transport/temporary_folder.h"

namespace sheaf::transport {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

unsigned mode_of(const std::filesystem::path& file) {
  struct stat status{};
  EXPECT_EQ(::stat(file.c_str(), &status), 0);
  return status.st_mode & 0777u;
}

TEST(Keys, AreMadeOnceAndKept) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "a" / "b" / "scheduler.key";
  const KeyPair first = load_or_create_keys(file).value();
  const KeyPair second = load_or_create_keys(file).value();
  EXPECT_TRUE(is_key(first.public_key));
  EXPECT_NE(first.public_key, first.secret_key);
  EXPECT_EQ(first.secret_key, second.secret_key);
  EXPECT_EQ(first.public_key, second.public_key);
  EXPECT_EQ(load_public_key(file.string() + ".pub").value(), first.public_key);
}

TEST(Keys, TheSecretIsForItsOwnerOnly) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "keys" / "worker.key";
  ASSERT_TRUE(load_or_create_keys(file).has_value());
  EXPECT_EQ(mode_of(file), 0600u);
  EXPECT_EQ(mode_of(file.parent_path()), 0700u);
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  EXPECT_EQ(load_or_create_keys(file).error().code, ErrorCode::kUnauthorized);
}

TEST(Keys, AFileWithoutAKeyIsCorrupt) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "worker.key";
  for (const char* text : {"",
                           "short",
                           "0123456789012345678901234567890123456789\nmore",
                           "\"123456789012345678901234567890123456789"}) {
    std::ofstream(file) << text;
    ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
    EXPECT_EQ(load_or_create_keys(file).error().code, ErrorCode::kCorrupt) << text;
    EXPECT_EQ(text_of(file), text);
  }
}

TEST(Keys, ALostPublicFileIsWrittenAgain) {
  const TemporaryFolder folder;
  const auto file = folder.path() / "worker.key";
  const KeyPair keys = load_or_create_keys(file).value();
  std::filesystem::remove(file.string() + ".pub");
  ASSERT_TRUE(load_or_create_keys(file).has_value());
  EXPECT_EQ(text_of(file.string() + ".pub"), keys.public_key + "\n");
}

TEST(Keys, NothingIsLeftBesideTheKeys) {
  const TemporaryFolder folder;
  ASSERT_TRUE(load_or_create_keys(folder.path() / "worker.key").has_value());
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    names.insert(entry.path().filename().string());
  }
  EXPECT_EQ(names, (std::set<std::string>{"worker.key", "worker.key.pub"}));
}

TEST(Keys, PublicKeysAreCheckedBeforeTheyAreStored) {
  const TemporaryFolder folder;
  EXPECT_EQ(store_public_key(folder.path() / "x.pub", "no key").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(load_public_key(folder.path() / "x.pub").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sheaf::transport
