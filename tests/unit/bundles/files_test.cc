#include "bundles/files.h"

#include <cstdlib>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

using Names = std::vector<std::string>;

Names listed(const BundleFolder& folder) {
  const auto files = list_files(folder.path());
  EXPECT_TRUE(files) << files.error().message;
  return files.value_or(ListedFiles{}).names;
}

std::string refusal(const BundleFolder& folder) {
  const auto files = list_files(folder.path());
  return files ? "" : files.error().message;
}

void git(const BundleFolder& folder, const std::string& arguments) {
  const std::string command = "git -C " + folder.path().string() +
                              " -c user.name=a -c user.email=a@b -c init.defaultBranch=main " +
                              arguments + " >/dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0) << command;
}

TEST(ListFiles, TakesAllOutsideWorkTrees) {
  BundleFolder folder;
  folder.with("b.txt", "")
      .with("a/c d.txt", "")
      .with(".gitignore", "b.txt\n")
      .with(".databricks/x", "")
      .with("a/.hidden", "");
  EXPECT_EQ(listed(folder), (Names{".gitignore", "a/.hidden", "a/c d.txt", "b.txt"}));
}

TEST(ListFiles, TakesWhatGitTracksOrDoesNotIgnore) {
  BundleFolder folder;
  folder.with(".gitignore", "*.log\n")
      .with("a.log", "")
      .with("kept.log", "")
      .with("new ü.txt", "")
      .with("gone.txt", "")
      .with(".databricks/x", "");
  git(folder, "init -q");
  git(folder, "add -f kept.log gone.txt");
  std::filesystem::remove(folder.path() / "gone.txt");
  EXPECT_EQ(listed(folder), (Names{".gitignore", "kept.log", "new ü.txt"}));
}

TEST(ListFiles, SeesOnlyTheBundlesFolderOfALargerWorkTree) {
  BundleFolder folder;
  folder.with("other/x.txt", "").with("bundle/y.txt", "");
  git(folder, "init -q");
  EXPECT_EQ(list_files(folder.path() / "bundle").value_or(ListedFiles{}).names, Names{"y.txt"});
}

TEST(ListFiles, EntersRepositoriesWithin) {
  BundleFolder folder;
  folder.with("x.txt", "")
      .with("inner/y.txt", "")
      .with("inner/.gitignore", "z.txt\n")
      .with("inner/z.txt", "");
  git(folder, "init -q");
  git(folder, "init -q inner");
  EXPECT_EQ(listed(folder), (Names{"inner/.gitignore", "inner/y.txt", "x.txt"}));
}

TEST(ListFiles, LinksCountAsTheFilesTheyLeadTo) {
  BundleFolder folder;
  folder.with("a.txt", "content");
  std::filesystem::create_symlink("a.txt", folder.path() / "link.txt");
  std::filesystem::create_symlink("nobody@host.1234", folder.path() / ".#lock");
  EXPECT_EQ(listed(folder), (Names{"a.txt", "link.txt"}));
  EXPECT_EQ(list_files(folder.path()).value_or(ListedFiles{}).dead_links, Names{});
}

TEST(ListFiles, TellsLinksThatLeadNowhere) {
  BundleFolder folder;
  folder.with_root(a_job());
  std::filesystem::create_symlink("gone.csv", folder.path() / "wine.csv");
  EXPECT_EQ(listed(folder), Names{"databricks.yml"});
  EXPECT_EQ(list_files(folder.path()).value_or(ListedFiles{}).dead_links, Names{"wine.csv"});
  const LoadedBundle bundle = folder.load();
  EXPECT_FALSE(bundle.has_errors()) << all_of(bundle);
  EXPECT_TRUE(has_finding(bundle, "the link wine.csv leads nowhere"));
}

TEST(ListFiles, RefusesLinksThatLeadOut) {
  BundleFolder folder;
  folder.with("a.txt", "");
  std::filesystem::create_symlink("/etc/passwd", folder.path() / "link");
  EXPECT_NE(refusal(folder).find("link is a link that leads out of the bundle"), std::string::npos);
  git(folder, "init -q");
  EXPECT_NE(refusal(folder).find("link is a link that leads out of the bundle"), std::string::npos);
}

TEST(ListFiles, RefusesLinksToFolders) {
  BundleFolder folder;
  folder.with("a/b.txt", "");
  std::filesystem::create_symlink("a", folder.path() / "link");
  EXPECT_NE(refusal(folder).find("link is a link to a folder"), std::string::npos);
}

TEST(ListFiles, RefusesNamesThatCannotTravel) {
  BundleFolder folder;
  folder.with("a\nb.txt", "");
  EXPECT_EQ(refusal(folder),
            "the name of the file \"a\\x0ab.txt\" holds a control character: rename it");
}

TEST(ListFiles, SkipsWhatHasNoContent) {
  BundleFolder folder;
  folder.with("a.txt", "");
  ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(listed(folder), Names{"a.txt"});
}

TEST(HashFiles, NamesContentsAndModes) {
  BundleFolder folder;
  folder.with("a.txt", "abc").with("run.sh", std::string(3u << 20, 'x'));
  std::filesystem::permissions(folder.path() / "run.sh", std::filesystem::perms::owner_all);
  const auto tree = hash_files(folder.path(), listed(folder));
  ASSERT_TRUE(tree) << tree.error().message;
  ASSERT_EQ(tree->manifest.files.size(), 2u);
  EXPECT_EQ(tree->manifest.files[0].digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(tree->manifest.files[0].size, 3u);
  EXPECT_FALSE(tree->manifest.files[0].is_executable);
  EXPECT_EQ(tree->manifest.files[1].size, 3u << 20);
  EXPECT_TRUE(tree->manifest.files[1].is_executable);
  EXPECT_EQ(tree->text, model::format_manifest(tree->manifest));
  EXPECT_EQ(tree->digest.size(), 64u);
  EXPECT_TRUE(model::parse_manifest(tree->text));
}

TEST(HashFiles, TheDigestFollowsTheContent) {
  BundleFolder folder;
  folder.with("a.txt", "abc");
  const auto before = hash_files(folder.path(), {"a.txt"});
  folder.with("a.txt", "abd");
  const auto after = hash_files(folder.path(), {"a.txt"});
  ASSERT_TRUE(before && after);
  EXPECT_NE(before->digest, after->digest);
}

TEST(HashFiles, NoticesThatAFileWentAway) {
  BundleFolder folder;
  const auto tree = hash_files(folder.path(), {"a.txt"});
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace sheaf::bundles
