#include "common/model/manifest.h"

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

const std::string kDigest(64, 'a');

ManifestFile a_file(std::string path) {
  return {.path = std::move(path), .digest = kDigest, .size = 12, .is_executable = false};
}

TEST(Manifest, SortsAndReadsBack) {
  Manifest manifest{.files = {a_file("src/b c.py"), a_file("databricks.yml")}};
  manifest.files[0].is_executable = true;
  const std::string text = format_manifest(manifest);
  EXPECT_EQ(
      text,
      "sheaf-manifest 1\n" + kDigest + " 12 - databricks.yml\n" + kDigest + " 12 x src/b c.py\n");
  const auto read = parse_manifest(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(format_manifest(*read), text);
  EXPECT_EQ(read->files[1].path, "src/b c.py");
  EXPECT_TRUE(read->files[1].is_executable);
}

TEST(Manifest, MayBeEmpty) {
  const auto read = parse_manifest("sheaf-manifest 1\n");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->files.empty());
}

TEST(Manifest, KnowsWhichPathsAreSafe) {
  for (const char* path : {"a", "a/b", "ä/ö.txt", ".hidden", "a..b", "..."}) {
    EXPECT_TRUE(is_manifest_path(path)) << path;
  }
  for (const char* path :
       {"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\nb", "a\tb"}) {
    EXPECT_FALSE(is_manifest_path(path)) << path;
  }
  EXPECT_FALSE(is_manifest_path(std::string(5'000, 'a')));
}

ErrorCode code_of(std::string_view text) {
  const auto read = parse_manifest(text);
  EXPECT_FALSE(read) << text;
  return read ? ErrorCode::kInternal : read.error().code;
}

TEST(Manifest, RefusesWhatIsNotCanonical) {
  const std::string head = "sheaf-manifest 1\n";
  const std::string line = kDigest + " 12 - ";
  EXPECT_EQ(code_of(""), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of("hello\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of("sheaf-manifest 2\n"), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(head + line + "a"), ErrorCode::kCorrupt) << "no newline at the end";
  EXPECT_EQ(code_of(head + line + "../a\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(head + line + "b\n" + line + "a\n"), ErrorCode::kCorrupt) << "not sorted";
  EXPECT_EQ(code_of(head + line + "a\n" + line + "a\n"), ErrorCode::kCorrupt) << "twice";
  EXPECT_EQ(code_of(head + kDigest + " 012 - a\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(head + kDigest + " -1 - a\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(head + kDigest + " 99999999999999999999 - a\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(head + kDigest + " 12 r a\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of(head + std::string(64, 'A') + " 12 - a\n"), ErrorCode::kCorrupt);
}

TEST(Manifest, RefusesAFileBelowAFile) {
  const std::string line = kDigest + " 1 - ";
  EXPECT_EQ(code_of("sheaf-manifest 1\n" + line + "a\n" + line + "a-b\n" + line + "a/b\n"),
            ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace sheaf::model
