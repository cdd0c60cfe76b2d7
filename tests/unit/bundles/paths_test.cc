#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

std::string script_job(const std::string& file) {
  return "resources: {jobs: {wine: {tasks: [{task_key: t, spark_python_task: {python_file: \"" +
         file + "\"}}]}}}\n";
}

std::string script_of(const LoadedBundle& bundle) {
  return bundle.has_errors()
             ? all_of(bundle)
             : std::get<model::SparkPythonTask>(bundle.jobs.at(0).settings.tasks.at(0).action)
                   .python_file;
}

constexpr const char* kFiles = "/Workspace/Users/ann.b@example.org/.bundle/test/default/files";

TEST(ScriptPaths, AreRelativeToTheFileTheyAreWrittenIn) {
  BundleFolder folder;
  folder.with_root("include: [jobs/*.yml]\n")
      .with("jobs/wine.yml", script_job("../src/a b.py"))
      .with("src/a b.py", "");
  EXPECT_EQ(script_of(folder.load()), std::string(kFiles) + "/src/a b.py");
}

TEST(ScriptPaths, OfVariablesAreRelativeToTheirUse) {
  BundleFolder folder;
  folder.with_root("include: [jobs/*.yml]\nvariables: {script: {default: ../src/a.py}}\n")
      .with("jobs/wine.yml", script_job("${var.script}"))
      .with("src/a.py", "");
  EXPECT_EQ(script_of(folder.load()), std::string(kFiles) + "/src/a.py");
}

TEST(ScriptPaths, OfTargetsAreRelativeToTheTarget) {
  BundleFolder folder;
  folder
      .with_root(
          "include: [jobs/*.yml]\ntargets:\n  dev:\n    resources: {jobs: {wine: {tasks: "
          "[{task_key: t, spark_python_task: {python_file: src/b.py}}]}}}\n")
      .with("jobs/wine.yml", script_job("../src/a.py"))
      .with("src/b.py", "");
  EXPECT_EQ(script_of(folder.load()),
            "/Workspace/Users/ann.b@example.org/.bundle/test/dev/files/src/b.py");
}

TEST(ScriptPaths, MayNameTheFilePathItself) {
  BundleFolder folder;
  folder.with_root(script_job("${workspace.file_path}/src/a.py")).with("src/a.py", "");
  EXPECT_EQ(script_of(folder.load()), std::string(kFiles) + "/src/a.py");
}

TEST(ScriptPaths, MustBeFilesOfTheBundle) {
  for (const char* file : {"missing.py", "src", "../a.py", "/etc/a.py", "dbfs:/a.py", ""}) {
    BundleFolder folder;
    folder.with_root(script_job(file)).with("src/a.py", "");
    const LoadedBundle bundle = folder.load();
    EXPECT_TRUE(bundle.has_errors()) << file;
    EXPECT_EQ(bundle.diagnostics.size(), 1u) << all_of(bundle);
  }
}

TEST(ScriptPaths, RefuseNotebooks) {
  BundleFolder folder;
  folder.with_root(script_job("a.py")).with("a.py", "# Databricks notebook source\nx = 1\n");
  EXPECT_TRUE(has_finding(folder.load(), "\"a.py\" is a notebook"));
  folder.with("a.py", "# Databricks notebook source, nearly\n");
  EXPECT_EQ(all_of(folder.load()), "");
  folder.with_root(script_job("a.ipynb")).with("a.ipynb", "{}");
  EXPECT_TRUE(has_finding(folder.load(), "\"a.ipynb\" is a notebook"));
}

TEST(ScriptPaths, MustTravel) {
  BundleFolder folder;
  folder.with_root(script_job("gen/a.py")).with("gen/a.py", "").with(".gitignore", "gen/\n");
  EXPECT_EQ(all_of(folder.load()), "") << "no work tree, no git ignore";
  ASSERT_EQ(std::system(("git init -q " + folder.path().string()).c_str()), 0);
  EXPECT_TRUE(has_finding(folder.load(), "\"gen/a.py\" would not travel"));
}

TEST(ScriptPaths, LinksMustStayInside) {
  BundleFolder folder;
  folder.with_root(script_job("a.py")).with("real.py", "");
  std::filesystem::create_symlink("real.py", folder.path() / "a.py");
  EXPECT_EQ(all_of(folder.load()), "");
  std::filesystem::remove(folder.path() / "a.py");
  std::filesystem::create_symlink("/etc/passwd", folder.path() / "a.py");
  EXPECT_TRUE(has_finding(folder.load(), "a link that leads out of the bundle"));
}

}  // namespace
}  // namespace sheaf::bundles
