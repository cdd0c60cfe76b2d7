#include "bundles/keyed_merge.h"

#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

TEST(KeyedMerge, GrantsAndResourcesOfApps) {
  BundleFolder folder;
  folder.with_root(R"(
targets:
  dev:
    resources:
      schemas: {s: {grants: [{principal: a, privileges: [SELECT]}, {principal: c}]}}
      apps: {p: {resources: [{name: x, job: {id: 2}}]}}
resources:
  schemas: {s: {grants: [{principal: a, privileges: [USE]}, {principal: b}]}}
  apps: {p: {resources: [{name: x, description: d}], tasks: [{task_key: b}, {task_key: a}]}}
)" + a_job().substr(std::string("resources:\n").size()));
  LoadOptions options = folder.options();
  options.allows_unsupported = true;
  std::string configuration = load_bundle(options).configuration_json;
  std::erase_if(configuration, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_NE(configuration.find(R"("grants":[{"principal":"a","privileges":["USE","SELECT"]},)"
                               R"({"principal":"b"},{"principal":"c"}])"),
            std::string::npos)
      << configuration;
  EXPECT_NE(configuration.find(R"("resources":[{"description":"d","job":{"id":2},"name":"x"}])"),
            std::string::npos);
  EXPECT_NE(configuration.find(R"("tasks":[{"task_key":"b"},{"task_key":"a"}])"), std::string::npos)
      << "other kinds have no tasks of ours";
}

}  // namespace
}  // namespace sheaf::bundles
