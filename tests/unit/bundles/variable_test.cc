#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

const std::string kJob = a_job("      name: ${var.v}\n");

class VariableSource : public testing::Test {
 protected:
  void SetUp() override {
    folder_.with_root(
        "variables: {v: {default: root}}\ntargets: {dev: {variables: {v: target}}, plain: {}}\n" +
        kJob);
    options_ = folder_.options();
    options_.target = "dev";
  }
  std::string name() {
    const LoadedBundle bundle = load_bundle(options_);
    return bundle.has_errors() ? all_of(bundle) : bundle.jobs.at(0).settings.name;
  }

  BundleFolder folder_;
  LoadOptions options_;
};

TEST_F(VariableSource, ArgumentsBeatAllOthers) {
  options_.target = "plain";
  EXPECT_EQ(name(), "root");
  options_.target = "dev";
  EXPECT_EQ(name(), "target");
  folder_.with(".databricks/bundle/dev/variable-overrides.json", "{\"v\": \"file\"}");
  EXPECT_EQ(name(), "file");
  options_.environment["BUNDLE_VAR_v"] = "environment";
  EXPECT_EQ(name(), "environment");
  options_.variables = {{"v", "first"}, {"v", "argument"}};
  EXPECT_EQ(name(), "argument");
}

TEST_F(VariableSource, TheOverrideFileBelongsToItsTarget) {
  folder_.with(".databricks/bundle/plain/variable-overrides.json", "{\"v\": \"file\"}");
  EXPECT_EQ(name(), "target");
}

TEST_F(VariableSource, TheOverrideFileNamesDeclaredVariables) {
  folder_.with(".databricks/bundle/dev/variable-overrides.json", "{\"w\": 1}");
  EXPECT_NE(name().find("the variable \"w\" is not declared"), std::string::npos);
  folder_.with(".databricks/bundle/dev/variable-overrides.json", "[1]");
  EXPECT_NE(name().find("the file holds a list instead of a map"), std::string::npos);
}

TEST_F(VariableSource, ALookUpIsNotAnsweredByFilesOrDefaults) {
  folder_.with_root("variables: {v: {default: root, lookup: {cluster: main}}}\n" + kJob);
  options_.target = "";
  folder_.with(".databricks/bundle/default/variable-overrides.json", "{\"v\": \"file\"}");
  EXPECT_NE(name().find("is looked up in a workspace"), std::string::npos);
  options_.environment["BUNDLE_VAR_v"] = "environment";
  EXPECT_EQ(name(), "environment");
}

TEST(Variables, TextIsReadAsWhatTheFieldWants) {
  BundleFolder folder;
  folder.with_root(
      "variables: {runs: {default: 2}, retry: {default: true}}\n"
      "resources: {jobs: {wine: {max_concurrent_runs: \"${var.runs}\", tasks: [{task_key: t, "
      "retry_on_timeout: \"${var.retry}\", command_task: {command: [x]}}]}}}\n");
  LoadOptions options = folder.options();
  options.variables = {{"runs", "5"}, {"retry", "no"}};
  const LoadedBundle bundle = load_bundle(options);
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_EQ(bundle.jobs.at(0).settings.max_concurrent_runs, 5);
  EXPECT_FALSE(bundle.jobs.at(0).settings.tasks[0].retry_on_timeout);
}

TEST(Variables, MayBeComplex) {
  BundleFolder folder;
  folder.with_root(
      "variables:\n  env:\n    type: complex\n    default: {A: 1, B: x}\n"
      "resources: {jobs: {wine: {tasks: [{task_key: t, command_task: {command: [x], env: "
      "\"${var.env}\"}}]}}}\n");
  LoadOptions options = folder.options();
  const LoadedBundle bundle = load_bundle(options);
  EXPECT_EQ(all_of(bundle), "");
  const model::NamedStrings env = {{"A", "1"}, {"B", "x"}};
  EXPECT_EQ(std::get<model::CommandTask>(bundle.jobs.at(0).settings.tasks[0].action).env, env);
  options.variables = {{"env", "x"}};
  EXPECT_TRUE(has_finding(load_bundle(options), "--var env: a complex variable takes no text"));
}

TEST(Variables, TargetsMayGiveShortAndFullForms) {
  BundleFolder folder;
  folder.with_root(
      "variables: {a: , b: {type: complex}, v: {default: x}}\n"
      "targets: {dev: {variables: {a: 1, b: {k: 2}, v: {default: y}}}}\n"
      "resources: {jobs: {wine: {name: \"${var.a}${var.b.k}${var.v}\", tasks: [{task_key: t, "
      "command_task: {command: [x]}}]}}}\n");
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_EQ(bundle.jobs.at(0).settings.name, "12y");
}

TEST(Variables, MustHaveAValue) {
  BundleFolder folder;
  folder.with_root("variables: {v: {description: none}}\n" + kJob);
  const LoadedBundle bundle = folder.load();
  ASSERT_EQ(bundle.diagnostics.size(), 1u) << all_of(bundle);
  EXPECT_EQ(bundle.diagnostics[0].summary, "no value assigned to required variable \"v\"");
}

TEST(Variables, LookUpsNeedAValueOnlyWhenUsed) {
  BundleFolder folder;
  folder.with_root("variables: {v: {default: x}, w: {lookup: {cluster: main}}}\n" + kJob);
  EXPECT_EQ(all_of(folder.load()), "");
  folder.with_root("variables: {v: {lookup: {cluster: main}}}\n" + kJob);
  EXPECT_TRUE(
      has_finding(folder.load(), "${var.v} is looked up in a workspace, and Sheaf asks none"));
  LoadOptions options = folder.options();
  options.variables = {{"v", "0123"}};
  EXPECT_EQ(load_bundle(options).jobs.at(0).settings.name, "0123");
}

TEST(Variables, ABrokenDefaultIsReportedOnceHoweverOftenItIsUsed) {
  BundleFolder folder;
  folder.with_root("variables: {v: {default: \"${var.nowhere}\"}}\n" +
                   a_job("      name: ${var.v}\n      description: ${var.v} ${var.v}\n"));
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(bundle.diagnostics.size(), 1u) << all_of(bundle);
}

TEST(GitDetails, AreThereWhenAskedFor) {
  BundleFolder folder;
  folder.with_root(
      a_job("      name: ${bundle.git.branch} ${bundle.git.commit}\n      description: "
            "${bundle.git.origin_url}\n"));
  const std::string git = "git -C " + folder.path().string() + " -c user.name=a -c user.email=a@b ";
  ASSERT_EQ(
      std::system((git + "init -q -b side >/dev/null && " + git +
                   "remote add origin ssh://host/x && " + git + "commit -q --allow-empty -m x")
                      .c_str()),
      0);
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_EQ(bundle.jobs.at(0).settings.name.substr(0, 5), "side ");
  EXPECT_EQ(bundle.jobs.at(0).settings.name.size(), 5u + 40u);
}

TEST(GitDetails, AreUnknownOutsideAWorkTree) {
  BundleFolder folder;
  folder.with_root(a_job("      name: ${bundle.git.branch}\n"));
  EXPECT_TRUE(has_finding(folder.load(), "${bundle.git.branch} leads nowhere"));
  folder.with_root("targets: {dev: {git: {branch: main}}}\n" +
                   a_job("      name: ${bundle.git.branch}\n"));
  EXPECT_EQ(folder.load().jobs.at(0).settings.name, "main");
}

}  // namespace
}  // namespace sheaf::bundles
