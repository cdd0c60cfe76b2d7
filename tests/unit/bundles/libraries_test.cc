#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

constexpr const char* kArtifacts =
    "/Workspace/Users/ann.b@example.org/.bundle/test/default/artifacts/.internal/";
constexpr const char* kFiles = "/Workspace/Users/ann.b@example.org/.bundle/test/default/files";

std::string wheel_job(const std::string& libraries) {
  return "resources: {jobs: {wine: {tasks: [{task_key: t, libraries: [" + libraries +
         "], python_wheel_task: {package_name: a, entry_point: main}}]}}}\n";
}

std::vector<std::string> libraries_of(const LoadedBundle& bundle) {
  EXPECT_EQ(all_of(bundle), "");
  return bundle.has_errors() ? std::vector<std::string>{}
                             : bundle.jobs.at(0).settings.tasks.at(0).libraries;
}

TEST(Libraries, AreExpandedBesideTheFileTheyAreWrittenIn) {
  BundleFolder folder;
  folder.with_root("include: [jobs/*.yml]\n")
      .with("jobs/wine.yml", wheel_job("{whl: ../dist/*.whl}, {pypi: {package: b}}"))
      .with("dist/a-1.0-py3-none-any.whl", "a")
      .with("dist/b-1.0-py3-none-any.whl", "b");
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(libraries_of(bundle),
            (std::vector<std::string>{std::string(kArtifacts) + "a-1.0-py3-none-any.whl",
                                      std::string(kArtifacts) + "b-1.0-py3-none-any.whl",
                                      "b"}));
  EXPECT_EQ(bundle.artifact_files.at(".internal/a-1.0-py3-none-any.whl"),
            folder.path() / "dist/a-1.0-py3-none-any.whl");
}

TEST(Libraries, OfOneDistributionAreTheLastOneWritten) {
  BundleFolder folder;
  folder.with_root(wheel_job("{whl: ./dist/*.whl}"))
      .with("dist/a-2.0-py3-none-any.whl", "old")
      .with("dist/a-1.0-py3-none-any.whl", "new");
  std::filesystem::last_write_time(
      folder.path() / "dist/a-2.0-py3-none-any.whl",
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(libraries_of(folder.load()),
            (std::vector<std::string>{std::string(kArtifacts) + "a-1.0-py3-none-any.whl"}));
}

TEST(Libraries, MayBeMissingWhileTheirArtifactIsNotBuilt) {
  BundleFolder folder;
  folder.with_root("artifacts: {a: {type: whl, path: .}}\n" + wheel_job("{whl: dist/*.whl}"));
  const LoadedBundle unbuilt = folder.load();
  EXPECT_EQ(libraries_of(unbuilt), (std::vector<std::string>{std::string(kArtifacts) + "*.whl"}));
  ASSERT_EQ(unbuilt.artifacts.size(), 1u);
  EXPECT_EQ(unbuilt.artifacts[0].folder, folder.path() / "");
  LoadOptions options = folder.options();
  options.built_wheels = BuiltWheels{};
  EXPECT_TRUE(has_finding(load_bundle(options), "no wheel matches \"dist/*.whl\""));
}

TEST(Libraries, GiveWayToTheCopyWithItsOwnVersion) {
  BundleFolder folder;
  folder.with_root("artifacts: {a: {dynamic_version: true}}\n" + wheel_job("{whl: dist/*.whl}"))
      .with("dist/a-1.0-py3-none-any.whl", "a");
  LoadOptions options = folder.options();
  options.built_wheels = BuiltWheels{
      {folder.path() / "dist/a-1.0-py3-none-any.whl", "/elsewhere/a-1.0+7-py3-none-any.whl"}};
  const LoadedBundle bundle = load_bundle(options);
  EXPECT_EQ(libraries_of(bundle),
            (std::vector<std::string>{std::string(kArtifacts) + "a-1.0+7-py3-none-any.whl"}));
  EXPECT_TRUE(bundle.artifacts.at(0).has_dynamic_version);
}

TEST(Libraries, OfEnvironmentsMayHaveExtrasAndFilesMayBeLists) {
  BundleFolder folder;
  folder
      .with_root(
          "resources: {jobs: {wine: {environments: [{environment_key: e, spec: {dependencies: "
          "[\"./dist/*.whl[fast]\", -r requirements.txt, b==1]}}], tasks: [{task_key: t, "
          "environment_key: e, libraries: [{requirements: requirements.txt}], "
          "spark_python_task: {python_file: a.py}}]}}}\n")
      .with("dist/a-1.0-py3-none-any.whl", "a")
      .with("requirements.txt", "c\n")
      .with("a.py", "");
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(libraries_of(bundle),
            (std::vector<std::string>{"-r " + std::string(kFiles) + "/requirements.txt"}));
  EXPECT_EQ(bundle.jobs.at(0).settings.environments.at(0).dependencies,
            (std::vector<std::string>{std::string(kArtifacts) + "a-1.0-py3-none-any.whl[fast]",
                                      "-r " + std::string(kFiles) + "/requirements.txt",
                                      "b==1"}));
}

TEST(Libraries, OfTwoFoldersCannotHaveOneName) {
  BundleFolder folder;
  folder.with_root(wheel_job("{whl: x/a-1-py3-none-any.whl}, {whl: y/a-1-py3-none-any.whl}"))
      .with("x/a-1-py3-none-any.whl", "a")
      .with("y/a-1-py3-none-any.whl", "b");
  EXPECT_TRUE(has_finding(folder.load(), "two wheels are called a-1-py3-none-any.whl"));
}

TEST(Artifacts, AreWheelsInFoldersThatExist) {
  BundleFolder folder;
  folder.with_root(
      "artifacts: {a: {type: jar}, b: {path: gone}, c: {biuld: x}, d: {executable: cmd}, e: 1}\n" +
      a_job());
  const LoadedBundle bundle = folder.load();
  EXPECT_TRUE(has_finding(bundle, "Sheaf builds no artifact of type \"jar\""));
  EXPECT_TRUE(has_finding(bundle, "there is no folder \"gone\""));
  EXPECT_TRUE(has_finding(bundle, "unknown field \"biuld\"; did you mean \"build\"?"));
  EXPECT_TRUE(has_finding(bundle, "\"cmd\" is no shell of this machine"));
  EXPECT_TRUE(has_finding(bundle, "an artifact is a map"));
}

std::string notebook_of(BundleFolder& folder, const std::string& path) {
  folder.with_root(
      "resources: {jobs: {wine: {tasks: [{task_key: t, notebook_task: {notebook_path: \"" + path +
      "\"}}]}}}\n");
  const LoadedBundle bundle = folder.load();
  return bundle.has_errors()
             ? all_of(bundle)
             : std::get<model::NotebookTask>(bundle.jobs.at(0).settings.tasks.at(0).action)
                   .notebook_path;
}

TEST(NotebookPaths, LoseTheirExtension) {
  BundleFolder folder;
  folder.with("src/a.py", "# Databricks notebook source\nx = 1\n").with("src/b.ipynb", "{}");
  for (const char* path : {"src/a.py", "src/a", "${workspace.file_path}/src/a"}) {
    EXPECT_EQ(notebook_of(folder, path), std::string(kFiles) + "/src/a");
  }
  EXPECT_EQ(notebook_of(folder, "src/b.ipynb"), std::string(kFiles) + "/src/b");
}

TEST(NotebookPaths, MustBePythonNotebooksOfTheBundle) {
  BundleFolder folder;
  folder.with("a.py", "x = 1\n").with("b.sql", "-- Databricks notebook source\n");
  EXPECT_NE(notebook_of(folder, "a.py").find("\"a.py\" is not a notebook of Python"),
            std::string::npos);
  EXPECT_NE(notebook_of(folder, "b.sql").find("is not a notebook of Python"), std::string::npos);
  EXPECT_NE(notebook_of(folder, "gone").find("there is no file \"gone\""), std::string::npos);
  folder.with("a.py", "# Databricks notebook source\n").with("a.ipynb", "{}");
  EXPECT_NE(notebook_of(folder, "a.py").find("have one name in the workspace"), std::string::npos);
}

}  // namespace
}  // namespace sheaf::bundles
