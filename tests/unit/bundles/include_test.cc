#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

std::vector<std::string> keys_of_jobs(const LoadedBundle& bundle) {
  std::vector<std::string> keys;
  for (const JobResource& job : bundle.jobs) {
    keys.push_back(job.key);
  }
  return keys;
}

std::string job_called(const std::string& key) {
  return "resources:\n  jobs:\n    " + key +
         ":\n      tasks:\n        - task_key: t\n          command_task: {command: [\"true\"]}\n";
}

TEST(RootFile, IsFoundInParentFolders) {
  BundleFolder folder;
  folder.with_root(a_job()).with("src/deep/a.py", "");
  LoadOptions options = folder.options();
  options.start_folder = folder.path() / "src/deep";
  const LoadedBundle bundle = load_bundle(options);
  EXPECT_EQ(bundle.root, folder.path());
  EXPECT_EQ(all_of(bundle), "");
}

TEST(RootFile, MayHaveAnyOfFourNames) {
  for (const char* name : {"databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"}) {
    BundleFolder folder;
    folder.with(name, "bundle: {name: x}\n" + a_job());
    EXPECT_EQ(folder.load().name, "x") << name;
  }
}

TEST(RootFile, TwoInOneFolderAreAnError) {
  BundleFolder folder;
  folder.with_root("").with("bundle.yml", "");
  EXPECT_TRUE(has_finding(folder.load(), "two root files in one folder"));
}

TEST(RootFile, ComesFromTheEnvironmentFirst) {
  BundleFolder folder;
  BundleFolder other;
  folder.with_root(a_job());
  other.with_root("");
  LoadOptions options = other.options();
  options.environment["DATABRICKS_BUNDLE_ROOT"] = folder.path();
  EXPECT_EQ(load_bundle(options).root, folder.path());
  options.environment["DATABRICKS_BUNDLE_ROOT"] = folder.path() / "nowhere";
  EXPECT_TRUE(has_finding(load_bundle(options), "no databricks.yml in"));
}

TEST(RootFile, ItsAbsenceIsAnError) {
  BundleFolder folder;
  const LoadedBundle bundle = folder.load();
  EXPECT_TRUE(bundle.has_errors());
  EXPECT_TRUE(bundle.root.empty());
}

TEST(Include, ReadsGlobsSortedAndEachFileOnce) {
  BundleFolder folder;
  folder.with_root("include: [jobs/b.yml, 'jobs/*.yml', 'databricks.yml']\n")
      .with("jobs/b.yml", job_called("b"))
      .with("jobs/a.yml", job_called("a"))
      .with("jobs/deep/c.yml", job_called("c"));
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_EQ(keys_of_jobs(bundle), (std::vector<std::string>{"a", "b"}));
}

TEST(Include, DoubleStarsMeanOneLevel) {
  BundleFolder folder;
  folder.with_root("include: ['jobs/**/*.yml']\n")
      .with("jobs/one/a.yml", job_called("a"))
      .with("jobs/one/two/b.yml", job_called("b"));
  EXPECT_EQ(keys_of_jobs(folder.load()), (std::vector<std::string>{"a"}));
}

TEST(Include, FolderNamesAreNoPatterns) {
  BundleFolder folder;
  folder.with("odd [name]*/databricks.yml", "bundle: {name: x}\ninclude: ['*.job.yml']\n")
      .with("odd [name]*/a.job.yml", job_called("a"));
  LoadOptions options = folder.options();
  options.start_folder = folder.path() / "odd [name]*";
  EXPECT_EQ(keys_of_jobs(load_bundle(options)), (std::vector<std::string>{"a"}));
}

TEST(Include, GlobsMayMatchNothingAndNamesMustBeThere) {
  BundleFolder folder;
  folder.with_root("include: ['nothing/*.yml']\n" + a_job());
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  folder.with_root("include: [nothing.yml]\n" + a_job());
  EXPECT_TRUE(has_finding(folder.load(), "there is no file \"nothing.yml\""));
}

TEST(Include, RefusesWhatLeadsAwayOrIsNoConfiguration) {
  BundleFolder folder;
  folder.with_root("include: [/etc/x.yml, ../x.yml, notes.txt, [a]]\n" + a_job())
      .with("notes.txt", "");
  const LoadedBundle bundle = folder.load();
  EXPECT_TRUE(has_finding(bundle, "\"/etc/x.yml\" is absolute"));
  EXPECT_TRUE(has_finding(bundle, "\"../x.yml\" leads out of the bundle"));
  EXPECT_TRUE(has_finding(bundle, "\"notes.txt\" is no configuration file"));
  EXPECT_TRUE(has_finding(bundle, "an entry of `include` is the name of a file"));
}

TEST(Include, LinksMustStayInside) {
  BundleFolder folder;
  BundleFolder other;
  other.with("a.yml", job_called("a"));
  std::filesystem::create_symlink(other.path(), folder.path() / "jobs");
  folder.with_root("include: ['jobs/*.yml']\n" + a_job()).with("..odd.yml", job_called("odd"));
  EXPECT_TRUE(has_finding(folder.load(), "\"jobs/a.yml\" leads out of the bundle"));
  std::filesystem::remove(folder.path() / "jobs");
  folder.with_root("include: [..odd.yml]\n" + a_job());
  EXPECT_EQ(keys_of_jobs(folder.load()), (std::vector<std::string>{"odd", "wine"}));
}

TEST(Include, CountsOnlyInTheRootFile) {
  BundleFolder folder;
  folder.with_root("include: [a.yml]\n")
      .with("a.yml", "include: [b.yml]\n" + job_called("a"))
      .with("b.yml", job_called("b"));
  const LoadedBundle bundle = folder.load();
  EXPECT_TRUE(has_finding(bundle, "`include` counts only in the root file"));
  EXPECT_EQ(keys_of_jobs(bundle), (std::vector<std::string>{"a"}));
}

TEST(Include, ResourceKeysAreUniqueOverKinds) {
  BundleFolder folder;
  folder.with_root("include: [a.yml]\n" + a_job())
      .with("a.yml", "resources: {experiments: {wine: {name: x}}}\n");
  EXPECT_TRUE(has_finding(folder.load(), "the resource key \"wine\" is used twice"));
}

TEST(Include, ABrokenFileDoesNotHideTheErrorsOfOthers) {
  BundleFolder folder;
  folder.with_root("include: ['*.job.yml']\n")
      .with("a.job.yml", "a: [")
      .with("b.job.yml", "resources: {jobs: {b: {tasks: [{task_key: t}]}}}\n");
  const LoadedBundle bundle = folder.load();
  EXPECT_TRUE(has_finding(bundle, "not readable as YAML"));
  EXPECT_TRUE(has_finding(bundle, "the task has nothing to do"));
}

TEST(Include, FilesOverTheLimitAreRefused) {
  BundleFolder folder;
  folder.with_root("include: [a.yml]\n" + a_job())
      .with("a.yml", "x: |\n" + std::string(5u << 20, ' '));
  EXPECT_TRUE(has_finding(folder.load(), "cannot read the file"));
}

}  // namespace
}  // namespace sheaf::bundles
