#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

std::string target_of(const std::string& targets,
                      const std::string& wanted = "",
                      std::map<std::string, std::string> environment = {}) {
  BundleFolder folder;
  folder.with_root(targets + a_job());
  LoadOptions options = folder.options();
  options.target = wanted;
  options.environment = std::move(environment);
  const LoadedBundle bundle = load_bundle(options);
  return bundle.has_errors() ? bundle.diagnostics[0].summary : bundle.target;
}

TEST(Target, IsChosenByNameEnvironmentAndDefault) {
  const std::string three = "targets:\n  a: {}\n  b: {default: yes}\n  c:\n";
  EXPECT_EQ(target_of(three), "b");
  EXPECT_EQ(target_of(three, "c"), "c");
  EXPECT_EQ(target_of(three, "", {{"DATABRICKS_BUNDLE_TARGET", "a"}}), "a");
  EXPECT_EQ(target_of(three, "", {{"DATABRICKS_BUNDLE_ENV", "a"}}), "a");
  EXPECT_EQ(target_of(three, "c", {{"DATABRICKS_BUNDLE_TARGET", "a"}}), "c");
  EXPECT_EQ(target_of("targets: {only: {}}\n"), "only");
  EXPECT_EQ(target_of(""), "default");
  EXPECT_EQ(target_of("environments: {old: {}}\n"), "old");
}

TEST(Target, MustBeClear) {
  EXPECT_EQ(target_of("targets: {a: {}, b: {}}\n"), "please specify target: none is the default");
  EXPECT_EQ(target_of("targets: {a: {default: true}, b: {default: true}}\n"),
            "please specify target: a, b are all default");
  EXPECT_EQ(target_of("targets: {dev: {}}\n", "dve"),
            "there is no target \"dve\"; did you mean \"dev\"?");
  EXPECT_EQ(target_of("", "dev"), "there is no target \"dev\"");
  EXPECT_EQ(target_of("targets: {dev: [1]}\n"), "a target is a map, not a list");
  EXPECT_EQ(target_of("targets: {dev: {mode: developmnt}}\n"),
            "unknown mode \"developmnt\"; did you mean \"development\"?");
}

TEST(Target, UnknownFieldsAreNamed) {
  BundleFolder folder;
  folder.with_root("targets: {dev: {variable: {a: 1}}}\n" + a_job());
  EXPECT_TRUE(
      has_finding(folder.load(), "unknown field \"variable\"; did you mean \"variables\"?"));
}

TEST(Target, OverridesJobsByKey) {
  BundleFolder folder;
  folder.with_root(R"(
targets:
  dev:
    resources:
      jobs:
        wine:
          max_concurrent_runs: 7
          parameters:
            - {name: reason, default: dev}
            - {name: extra, default: x}
          tasks:
            - task_key: train
              timeout_seconds: 60
              command_task: {env: {MODE: dev}}
            - task_key: added
              command_task: {command: ["true"]}
resources:
  jobs:
    wine:
      parameters:
        - {name: reason, default: base}
      tasks:
        - task_key: train
          command_task: {command: [train], env: {A: b}}
)");
  const LoadedBundle bundle = folder.load();
  ASSERT_EQ(all_of(bundle), "");
  const model::JobSettings& job = bundle.jobs.at(0).settings;
  EXPECT_EQ(job.max_concurrent_runs, 7);
  ASSERT_EQ(job.tasks.size(), 2u);
  EXPECT_EQ(job.tasks[0].task_key, "added");
  EXPECT_EQ(job.tasks[1].timeout, std::chrono::seconds(60));
  const model::NamedStrings env = {{"A", "b"}, {"MODE", "dev"}};
  EXPECT_EQ(std::get<model::CommandTask>(job.tasks[1].action).env, env);
  ASSERT_EQ(job.parameters.size(), 2u);
  EXPECT_EQ(job.parameters[0].default_value, "dev");
  ASSERT_EQ(bundle.jobs[0].places.size(), 2u);
  EXPECT_EQ(bundle.jobs[0].places[0].line, 21);
}

TEST(Target, MayBringJobsOfItsOwn) {
  BundleFolder folder;
  folder.with_root(
      "targets:\n  dev:\n    resources:\n      jobs:\n        only_here:\n          tasks: "
      "[{task_key: t, command_task: {command: [x]}}]\n");
  EXPECT_EQ(folder.load().jobs.at(0).key, "only_here");
}

TEST(Workspace, HasDefaultsBelowTheUsersFolder) {
  BundleFolder folder;
  folder.with_root(a_job());
  const WorkspacePaths paths = folder.load().workspace;
  EXPECT_EQ(paths.root_path, "/Workspace/Users/ann.b@example.org/.bundle/test/default");
  EXPECT_EQ(paths.file_path, paths.root_path + "/files");
  EXPECT_EQ(paths.artifact_path, paths.root_path + "/artifacts");
  EXPECT_EQ(paths.state_path, paths.root_path + "/state");
  EXPECT_EQ(paths.resource_path, paths.root_path + "/resources");
}

TEST(Workspace, PathsAreResolvedInOrder) {
  BundleFolder folder;
  folder.with_root(
      "variables: {area: {default: '~/area'}}\nworkspace:\n  host: https://example.org\n"
      "  root_path: ${var.area}/${bundle.name}/\n  file_path: /Shared/${bundle.target}/f\n" +
      a_job());
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_EQ(bundle.workspace.root_path, "/Workspace/Users/ann.b@example.org/area/test");
  EXPECT_EQ(bundle.workspace.file_path, "/Workspace/Shared/default/f");
  EXPECT_EQ(bundle.workspace_host, "https://example.org");
}

TEST(Workspace, RefusesPathsThatAreNone) {
  for (const char* path : {"relative/path", "/Workspace/a/../../etc", "\"/a\\nb\"", "[a]"}) {
    BundleFolder folder;
    folder.with_root("workspace: {root_path: " + std::string(path) + "}\n" + a_job());
    EXPECT_TRUE(has_finding(folder.load(), "is not a workspace path")) << path;
  }
}

TEST(Workspace, AnUnresolvedRootIsReportedOnce) {
  BundleFolder folder;
  folder.with_root("workspace: {root_path: '~/${var.nowhere}'}\n" + a_job());
  EXPECT_EQ(folder.load().diagnostics.size(), 1u);
}

TEST(Sections, FreeKeysMayHoldAnchors) {
  BundleFolder folder;
  folder.with_root(
      "x-env: &env {A: b}\nresources:\n  jobs:\n    wine:\n      tasks:\n        - task_key: t\n"
      "          command_task:\n            command: [x]\n            env:\n              <<: "
      "*env\n              C: d\n");
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_EQ(std::get<model::CommandTask>(bundle.jobs.at(0).settings.tasks[0].action).env.size(),
            2u);
}

TEST(Sections, WhatHasNoEffectIsSaid) {
  BundleFolder folder;
  folder.with_root(
      "experimental: {python_wheel_wrapper: true}\nbundel: {}\n"
      "workspace: {hots: x}\n" +
      a_job());
  const LoadedBundle bundle = folder.load();
  EXPECT_FALSE(bundle.has_errors());
  for (const char* summary : {"`experimental.python_wheel_wrapper` has no effect",
                              "unknown field \"bundel\"; did you mean \"bundle\"?",
                              "unknown field \"hots\"; did you mean \"host\"?"}) {
    EXPECT_TRUE(has_finding(bundle, summary)) << summary;
  }
}

TEST(Sections, PythonDefinitionsAndOtherResourcesAreRefused) {
  BundleFolder folder;
  folder.with_root(
      "python: {resources: [a]}\nresources: {pipelines: {lake: {name: x}}, volumes: [1]}\n");
  const LoadedBundle bundle = folder.load();
  EXPECT_TRUE(has_finding(bundle, "jobs defined in Python are not supported"));
  EXPECT_TRUE(has_finding(bundle, "Sheaf does not run pipelines: \"lake\" cannot be deployed"));
  EXPECT_TRUE(has_finding(bundle, "`volumes` is a map of resources"));
}

TEST(Sections, ABundleNeedsAName) {
  BundleFolder folder;
  folder.with("databricks.yml", a_job());
  EXPECT_TRUE(has_finding(folder.load(), "the bundle has no name"));
  folder.with("databricks.yml", "bundle: {name: a/b}\n" + a_job());
  EXPECT_TRUE(has_finding(folder.load(), "not a name for a bundle"));
  folder.with("databricks.yml", "- a\n");
  EXPECT_TRUE(has_finding(folder.load(), "the file holds a list instead of a map"));
}

}  // namespace
}  // namespace sheaf::bundles
