#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

LoadedBundle load_job(const std::string& job, bool is_strict = false) {
  BundleFolder folder;
  folder.with_root("resources:\n  jobs:\n    wine:\n" + job);
  LoadOptions options = folder.options();
  options.is_strict = is_strict;
  return load_bundle(options);
}

constexpr const char* kTasks = "      tasks: [{task_key: t, command_task: {command: [x]}}]\n";

TEST(Lenience, ScalarsBecomeWhatTheFieldWants) {
  const LoadedBundle bundle = load_job(
      "      name: 2026\n      max_concurrent_runs: '3'\n      queue: {enabled: 'off'}\n      "
      "tags: {a: 1, b: true}\n"
      "      parameters: [{name: rate, default: 0.10}]\n"
      "      tasks:\n"
      "        - {task_key: 1, condition_task: {op: NOT_EQUAL, left: 1, right: true}}\n"
      "        - {task_key: b, depends_on: [{task_key: 1, outcome: True}], command_task: {command: "
      "[sleep, 1.50, 007]}}\n");
  ASSERT_EQ(all_of(bundle), "");
  const model::JobSettings& job = bundle.jobs.at(0).settings;
  EXPECT_EQ(job.name, "2026");
  EXPECT_EQ(job.max_concurrent_runs, 3);
  EXPECT_FALSE(job.queue_enabled);
  EXPECT_EQ(job.parameters.at(0).default_value, "0.10");
  EXPECT_EQ(std::get<model::ConditionTask>(job.tasks.at(0).action).right, "true");
  EXPECT_EQ(job.tasks.at(1).depends_on.at(0).outcome, true);
  EXPECT_EQ(std::get<model::CommandTask>(job.tasks.at(1).action).command,
            (std::vector<std::string>{"sleep", "1.50", "007"}));
}

TEST(Lenience, WrongTypesAreDroppedWithAWarning) {
  const LoadedBundle bundle = load_job(
      "      max_concurrent_runs: many\n      tags: [a]\n      queue: yes\n      "
      "email_notifications: {on_failure: a@b}\n"
      "      parameters: [{name: p, default: x}, text]\n" +
      std::string(kTasks));
  EXPECT_FALSE(bundle.has_errors()) << all_of(bundle);
  EXPECT_EQ(bundle.diagnostics.size(), 5u) << all_of(bundle);
  EXPECT_EQ(bundle.jobs.at(0).settings.max_concurrent_runs, 1);
  EXPECT_EQ(bundle.jobs.at(0).settings.parameters.size(), 1u);
}

TEST(Lenience, UnknownFieldsAreDroppedWithAWarning) {
  const LoadedBundle bundle = load_job("      owner: ann\n" + std::string(kTasks));
  ASSERT_EQ(bundle.diagnostics.size(), 1u);
  EXPECT_EQ(bundle.diagnostics[0].severity, Severity::kWarning);
  EXPECT_EQ(bundle.diagnostics[0].places.at(0), (SourcePlace{"databricks.yml", 6, 7}));
  EXPECT_EQ(bundle.jobs.at(0).settings_json.find("owner"), std::string::npos);
}

TEST(Lenience, StrictMakesErrorsOfWarnings) {
  EXPECT_TRUE(load_job("      owner: ann\n" + std::string(kTasks), true).has_errors());
  EXPECT_FALSE(load_job(kTasks, true).has_errors());
}

TEST(Lenience, WhatIsNeededIsMissedOnceItIsDropped) {
  const LoadedBundle bundle =
      load_job("      tasks: [{task_key: [a], command_task: {command: [x]}}]\n");
  EXPECT_TRUE(has_finding(bundle, "expected a string, found a list"));
  EXPECT_TRUE(has_finding(bundle, "`task_key` is required, but not there"));
}

TEST(Lenience, BadChoicesOfExecutedFieldsAreErrors) {
  EXPECT_TRUE(
      load_job("      tasks: [{task_key: t, run_if: ALWAYS, command_task: {command: [x]}}]\n")
          .has_errors());
  const LoadedBundle echoed = load_job("      performance_target: FAST\n" + std::string(kTasks));
  EXPECT_FALSE(echoed.has_errors());
  EXPECT_TRUE(has_finding(echoed, "\"FAST\" is not allowed here"));
}

TEST(Lenience, NullsAreAbsent) {
  EXPECT_EQ(all_of(load_job("      schedule:\n      tags:\n" + std::string(kTasks))), "");
}

TEST(Lenience, EchoedBlocksTravelAsTheyAre) {
  const LoadedBundle bundle = load_job(
      "      job_clusters: [{job_cluster_key: main, new_cluster: {num_workers: 2, spark_conf: "
      "{a.b: x}}}]\n"
      "      tasks: [{task_key: t, job_cluster_key: main, command_task: {command: [x]}}]\n");
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_NE(
      bundle.jobs.at(0).settings_json.find(
          R"({"job_cluster_key":"main","new_cluster":{"num_workers":2,"spark_conf":{"a.b":"x"}}})"),
      std::string::npos);
}

TEST(Lenience, LocalPackagesThatCannotBeInstalledAreRefused) {
  const LoadedBundle bundle = load_job(
      "      environments: [{environment_key: e, spec: {environment_version: 2, dependencies: "
      "[numpy==2.1, ./dist/a.whl, -r req.txt, ./folder, -e .]}}]\n" +
      std::string(kTasks));
  EXPECT_EQ(bundle.diagnostics.size(), 4u) << all_of(bundle);
  EXPECT_TRUE(has_finding(bundle, "no wheel matches \"./dist/a.whl\""));
  EXPECT_TRUE(has_finding(bundle, "there is no file \"req.txt\""));
  EXPECT_TRUE(has_finding(bundle, "\"./folder\": only packages of an index, wheels and -r"));
}

TEST(Lenience, EmptyBundlesAreRemarkedOn) {
  BundleFolder folder;
  folder.with_root("");
  const LoadedBundle bundle = folder.load();
  EXPECT_FALSE(bundle.has_errors());
  EXPECT_TRUE(has_finding(bundle, "the bundle has no jobs"));
}

TEST(Lenience, EqualBundlesGiveEqualText) {
  const std::string one =
      load_job("      tags: {b: 2, a: 1}\n      name: x\n" + std::string(kTasks))
          .jobs.at(0)
          .settings_json;
  const std::string two =
      load_job(std::string(kTasks) + "      name: x\n      tags: {a: 1, b: 2}\n")
          .jobs.at(0)
          .settings_json;
  EXPECT_EQ(one, two);
}

}  // namespace
}  // namespace sheaf::bundles
