#include "bundles/sync.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "bundles/files.h"
#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

using Names = std::vector<std::string>;

void make_work_tree(const BundleFolder& folder) {
  ASSERT_EQ(std::system(("git -C '" + folder.path().string() + "' init -q").c_str()), 0);
}

// What travels, without the bundle's own file.
Names travelling(const LoadedBundle& bundle) {
  EXPECT_EQ(all_of(bundle), "");
  const Result<ListedFiles> files = list_files(bundle.sync);
  EXPECT_TRUE(files) << files.error().message;
  Names names = files ? files->names : Names{};
  std::erase_if(names, [](const std::string& name) {
    return name.ends_with("databricks.yml") || name.ends_with(".gitignore");
  });
  return names;
}

LoadedBundle load_with(BundleFolder& folder, const std::string& sync) {
  folder.with_root("sync:\n" + sync + a_job());
  return folder.load();
}

TEST(Sync, TakesAllWithoutASection) {
  BundleFolder folder;
  folder.with_root(a_job()).with("a.txt", "").with("b/c.txt", "");
  EXPECT_EQ(travelling(folder.load()), (Names{"a.txt", "b/c.txt"}));
}

TEST(Sync, PathsChooseFolders) {
  BundleFolder folder;
  folder.with("src/a.py", "").with("data/b.csv", "").with("docs/c.md", "").with("one.txt", "");
  EXPECT_EQ(travelling(load_with(folder, "  paths: [src, ./data/, one.txt]\n")),
            (Names{"data/b.csv", "one.txt", "src/a.py"}));
}

TEST(Sync, PathsMayReachOutside) {
  BundleFolder folder;
  folder.with("common/a.py", "")
      .with("common/a.pyc", "")
      .with("other/b.py", "")
      .with("teams/wine/src/c.py", "")
      .with("teams/wine/src/c.pyc", "")
      .with("teams/wine/databricks.yml",
            "bundle: {name: x}\nsync: {paths: [., ../../common], exclude: ['*.pyc']}\n" + a_job());
  LoadOptions options = folder.options();
  options.start_folder = folder.path() / "teams/wine";
  const LoadedBundle bundle = load_bundle(options);
  EXPECT_EQ(bundle.sync.root, folder.path());
  EXPECT_EQ(bundle.sync.bundle_folder, "teams/wine");
  EXPECT_EQ(travelling(bundle), (Names{"common/a.py", "teams/wine/src/c.py"}));
}

TEST(Sync, IncludeBringsIgnoredFiles) {
  BundleFolder folder;
  make_work_tree(folder);
  folder.with(".gitignore", "dist/\n*.log\n")
      .with("dist/a.whl", "")
      .with("dist/deep/b.whl", "")
      .with("dist/c.txt", "")
      .with("x.log", "");
  EXPECT_EQ(travelling(load_with(folder, "  include: ['dist/*.whl', ':odd', '#odd']\n")),
            Names{"dist/a.whl"});
  EXPECT_EQ(travelling(load_with(folder, "  include: ['*.whl', '!b.whl']\n")), Names{"dist/a.whl"});
  EXPECT_EQ(travelling(load_with(folder, "  include: [dist/**, '*.log']\n")),
            (Names{"dist/a.whl", "dist/c.txt", "dist/deep/b.whl", "x.log"}));
}

TEST(Sync, ExcludeLeavesOut) {
  BundleFolder folder;
  folder.with("a.tmp", "")
      .with("b/a.tmp", "")
      .with("b/kept.tmp", "")
      .with("cache/x", "")
      .with("b/cache/x", "")
      .with(":odd", "")
      .with("#odd", "");
  EXPECT_EQ(travelling(load_with(folder, "  exclude: ['*.tmp', '!kept.tmp', /cache/, '#odd']\n")),
            (Names{":odd", "b/cache/x", "b/kept.tmp"}));
}

TEST(Sync, ExcludeWinsOverInclude) {
  BundleFolder folder;
  make_work_tree(folder);
  folder.with(".gitignore", "dist/\n").with("dist/a.whl", "").with("dist/b.whl", "");
  EXPECT_EQ(travelling(load_with(folder, "  include: [dist/*.whl]\n  exclude: [b.whl]\n")),
            Names{"dist/a.whl"});
}

TEST(Sync, PatternsStartAtTheirFile) {
  BundleFolder folder;
  folder.with_root("include: ['odd*/*.yml']\n" + a_job())
      .with("odd [x]/sync.yml", "sync: {exclude: ['*.tmp', data/*.csv, ../top.txt]}\n")
      .with("odd [x]/deep/a.tmp", "")
      .with("a.tmp", "")
      .with("odd [x]/data/a.csv", "")
      .with("data/a.csv", "")
      .with("top.txt", "");
  EXPECT_EQ(travelling(folder.load()), (Names{"a.tmp", "data/a.csv", "odd [x]/sync.yml"}));
}

TEST(Sync, WhatIsExcludedIsMissed) {
  BundleFolder folder;
  folder.with("src/a.py", "")
      .with_root(
          "sync: {exclude: [src/]}\nresources: {jobs: {wine: {environments: [{environment_key: "
          "e}], "
          "tasks: [{task_key: t, environment_key: e, spark_python_task: {python_file: "
          "src/a.py}}]}}}\n");
  EXPECT_TRUE(has_finding(folder.load(), "\"src/a.py\" would not travel"));
}

TEST(Sync, GitAndStateNeverTravel) {
  BundleFolder folder;
  make_work_tree(folder);
  folder.with(".databricks/bundle/x", "").with("sub/.databricks/y", "").with("a.txt", "");
  EXPECT_EQ(travelling(load_with(folder, "  include: ['**', '.git/**', '.databricks/**']\n")),
            Names{"a.txt"});
}

TEST(Sync, ExcludedLinksDoNotMatter) {
  BundleFolder folder;
  folder.with("a.txt", "");
  std::filesystem::create_symlink("/etc", folder.path() / "out");
  std::filesystem::create_symlink(".", folder.path() / "round");
  EXPECT_EQ(travelling(load_with(folder, "  exclude: [out, round]\n")), Names{"a.txt"});
  EXPECT_TRUE(has_finding(load_with(folder, "  exclude: [out]\n"), "round is a link to a folder"));
}

TEST(Sync, MayHoldReferences) {
  BundleFolder folder;
  folder.with("src/a.py", "").with("b.txt", "");
  folder.with_root("variables: {code: {default: src}}\nsync: {paths: ['${var.code}']}\n" + a_job());
  EXPECT_EQ(travelling(folder.load()), Names{"src/a.py"});
}

}  // namespace
}  // namespace sheaf::bundles
