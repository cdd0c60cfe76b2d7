#include "bundles/examination.h"

#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

std::string told(const std::vector<Reason>& reasons) {
  std::string text = verdict_text(reasons) + "\n";
  for (const Reason& reason : reasons) {
    text += "  " + reason.place.file + ":" + std::to_string(reason.place.line) + ": " +
            reason.summary + "\n";
  }
  return text;
}

/// All jobs and tasks that do not simply run, and the findings of the bundle.
std::string told(const Examination& examination) {
  std::string text;
  for (const Diagnostic& finding : examination.findings) {
    text += finding.summary + "\n";
  }
  for (const JobExamination& job : examination.jobs) {
    text += job.reasons.empty() ? "" : job.key + ": " + told(job.reasons);
    for (const TaskExamination& task : job.tasks) {
      text += job.key + "." + task.key + ": " + told(task.reasons);
    }
  }
  return text;
}

Examination examined(const BundleFolder& folder) {
  return examine_bundle(folder.load());
}

constexpr const char* kScripts = R"(resources:
  jobs:
    wine:
      environments:
        - environment_key: e
          spec: {dependencies: [pandas==2, -r ../requirements.txt]}
      tasks:
        - task_key: train
          environment_key: e
          spark_python_task: {python_file: ../src/train.py}
        - task_key: alone
          spark_python_task: {python_file: ../src/train.py}
)";

BundleFolder& with_scripts(BundleFolder& folder) {
  return folder.with("databricks.yml", "bundle: {name: test}\ninclude: [jobs/*.yml]\n")
      .with("jobs/wine.yml", kScripts)
      .with("requirements.txt", "scikit-learn\n")
      .with("src/train.py",
            "import json\nimport numpy\nimport sklearn\nfrom shared import paths\nimport tables\n")
      .with("src/shared/__init__.py", "import yaml\n")
      .with("src/shared/paths.py", "from . import other\n")
      .with("src/shared/other.py", "x = 1\n")
      .with("lib/tables.py", "DATA = '/Volumes/a/b'\n");
}

TEST(Examination, FollowsImportsAndKnowsTheDependenciesOfTheEnvironment) {
  BundleFolder folder;
  const Examination examination = examined(with_scripts(folder));
  EXPECT_EQ(told(examination),
            "wine.alone: needs volumes\n"
            "  src/train.py:2: import numpy\n"
            "  src/train.py:3: import sklearn\n"
            "  src/shared/__init__.py:1: import yaml\n"
            "  lib/tables.py:1: /Volumes/a/b\n"
            "wine.train: needs volumes\n"
            "  src/shared/__init__.py:1: import yaml\n"
            "  lib/tables.py:1: /Volumes/a/b\n");
  EXPECT_FALSE(examination.is_runnable());
}

TEST(Examination, NamesThePackagesThatAreMissing) {
  BundleFolder folder;
  with_scripts(folder).with("lib/tables.py", "").with("src/shared/__init__.py", "");
  const Examination examination = examined(folder);
  EXPECT_EQ(verdict_text(examination.jobs.at(0).tasks.at(0).reasons),
            "runs with dependencies: [numpy, scikit-learn]");
  EXPECT_EQ(verdict_text(examination.jobs.at(0).tasks.at(1).reasons), "runs");
  EXPECT_TRUE(examination.is_runnable());
}

TEST(Examination, TakesPysparkAmongTheDependenciesForASparkOfTheTasksOwn) {
  BundleFolder folder;
  with_scripts(folder)
      .with("src/train.py",
            "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()\n")
      .with("jobs/wine.yml",
            std::string(kScripts).replace(std::string(kScripts).find("pandas==2"), 9, "pyspark"));
  const Examination examination = examined(folder);
  EXPECT_EQ(verdict_text(examination.jobs.at(0).tasks.at(0).reasons), "needs Spark");
  EXPECT_EQ(verdict_text(examination.jobs.at(0).tasks.at(1).reasons), "runs");
}

TEST(Examination, LooksAtFilesThatTravelFromOutsideOfTheBundlesFolder) {
  BundleFolder folder;
  folder
      .with("wine/databricks.yml",
            "bundle: {name: test}\nsync: {paths: [., ../lib]}\nresources:\n  jobs:\n    wine:\n"
            "      tasks: [{task_key: t, spark_python_task: {python_file: src/a.py}}]\n")
      .with("wine/src/a.py", "import yaml\nimport tables\n")
      .with("lib/tables.py", "import toml\n");
  LoadOptions options = folder.options();
  options.start_folder = folder.path() / "wine";
  EXPECT_EQ(told(examine_bundle(load_bundle(options))),
            "wine.t: runs with dependencies: [pyyaml, toml]\n"
            "  src/a.py:1: import yaml\n"
            "  ../lib/tables.py:1: import toml\n");
}

TEST(Examination, RefusesNotebooksThatAreNone) {
  BundleFolder folder;
  folder
      .with_root(
          "resources:\n  jobs:\n    wine:\n      tasks: [{task_key: t, notebook_task: "
          "{notebook_path: a.ipynb}}]\n")
      .with("a.ipynb", "import yaml\n");
  EXPECT_NE(told(examined(folder)).find("a.ipynb: not a notebook"), std::string::npos);
}

TEST(Examination, GivesErrorsToTheTaskThatTheyAreIn) {
  BundleFolder folder;
  // Tasks are sorted by key after references are resolved.
  folder.with_root(R"(resources:
  jobs:
    wine:
      tasks:
        - task_key: z
          command_task: {command: ["${var.nothing}"]}
        - task_key: a
          command_task: {command: ["true"]}
          max_retries: 5000000000
        - task_key: each
          for_each_task:
            inputs: "[1]"
            task: {task_key: x, sql_task: {warehouse_id: "1"}}
      trigger: {periodic: {interval: 1, unit: DAYS}}
    wine.red:
      tasks: [{task_key: t, command_task: {command: [cat, "/dbfs/x"]}}]
)");
  const Examination examination = examined(folder);
  const JobExamination& wine = examination.jobs.at(0);
  EXPECT_EQ(verdict_text(wine.reasons), "refused");
  EXPECT_EQ(wine.tasks.at(0).key, "a");
  EXPECT_EQ(verdict_text(wine.tasks.at(0).reasons), "refused");
  EXPECT_EQ(wine.tasks.at(1).kind, "for_each_task of sql_task");
  EXPECT_EQ(verdict_text(wine.tasks.at(1).reasons), "needs a SQL warehouse");
  EXPECT_EQ(wine.tasks.at(2).reasons.size(), 1U);
  EXPECT_EQ(wine.tasks.at(2).reasons.at(0).place.line, 8);
  EXPECT_EQ(verdict_text(examination.jobs.at(1).tasks.at(0).reasons), "needs volumes");
}

TEST(Examination, ReadsNotebooksThatTheirPathNamesWithoutExtension) {
  BundleFolder folder;
  folder
      .with_root(R"(resources:
  jobs:
    wine:
      tasks:
        - task_key: t
          notebook_task: {notebook_path: ./notebooks/a}
)")
      .with("notebooks/a.py",
            "# Databricks notebook source\n# MAGIC %pip install -r ../requirements.txt\n"
            "# COMMAND ----------\n"
            "# MAGIC %run ./b\n# COMMAND ----------\nimport yaml\nimport IPython\n")
      .with("requirements.txt", "# tools\n-r more/others.txt\n")
      .with("more/others.txt", "PyYAML==6\n")
      .with("notebooks/b.ipynb",
            R"x({"cells": [{"cell_type": "code", "source": "spark.table('a.b')"}]})x");
  const std::string text = told(examined(folder));
  EXPECT_NE(text.find("  notebooks/b.ipynb:1: table a.b\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("import"), std::string::npos) << text;
}

TEST(Examination, LooksIntoThePackageOfAWheelTask) {
  BundleFolder folder;
  folder
      .with_root(R"(resources:
  jobs:
    wine:
      tasks:
        - task_key: t
          python_wheel_task: {package_name: wine-tools, entry_point: main}
          libraries: [{whl: ./dist/*.whl}]
)")
      .with("pyproject.toml",
            "[project]\nname = \"wine-tools\"\ndependencies = [\n  \"polars\", # x\n]\n")
      .with("src/wine_tools/__init__.py", "import polars\nimport toml\n");
  const std::string text = told(examined(folder));
  EXPECT_NE(text.find("src/wine_tools/__init__.py:2: import toml\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("import polars"), std::string::npos) << text;
}

TEST(Examination, OfOtherResourcesHoldsUpNothing) {
  BundleFolder folder;
  folder.with_root(a_job() + "  schemas:\n    s: {name: s}\n");
  const Examination examination = examined(folder);
  EXPECT_EQ(examination.findings.size(), 1U);
  EXPECT_TRUE(examination.is_runnable());
}

TEST(Examination, OfABrokenBundleIsItsFindings) {
  BundleFolder folder;
  folder.with("databricks.yml", "bundle: {}\n" + a_job());
  const Examination examination = examined(folder);
  EXPECT_EQ(told(examination), "the bundle has no name\nwine.train: runs\n");
  EXPECT_FALSE(examination.is_runnable());
  BundleFolder broken;
  broken.with("databricks.yml", "a: [\n");
  EXPECT_FALSE(examined(broken).is_runnable());
}

}  // namespace
}  // namespace sheaf::bundles
