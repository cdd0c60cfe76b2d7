#include <gtest/gtest.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

const std::string kSchedule =
    "      schedule: {quartz_cron_expression: '0 0 3 * * ?', timezone_id: UTC}\n";

LoadedBundle load_with(const std::string& target, const std::string& job) {
  BundleFolder folder;
  folder.with_root("targets:\n  t:\n" + target + a_job(job));
  return folder.load();
}

TEST(DevelopmentMode, PausesPrefixesAndTags) {
  const LoadedBundle bundle =
      load_with("    mode: development\n", "      name: wine\n      tags: {team: a}\n" + kSchedule);
  ASSERT_EQ(all_of(bundle), "");
  const model::JobSettings& job = bundle.jobs.at(0).settings;
  EXPECT_EQ(bundle.mode, Mode::kDevelopment);
  EXPECT_EQ(job.name, "[dev ann_b] wine");
  EXPECT_EQ(job.max_concurrent_runs, 4);
  EXPECT_TRUE(job.schedule->paused);
  EXPECT_EQ(bundle.paused_by_development, std::vector<std::string>{"wine"});
  EXPECT_NE(bundle.jobs[0].settings_json.find(R"("tags":{"dev":"ann_b","team":"a"})"),
            std::string::npos);
}

TEST(DevelopmentMode, LeavesWhatIsSet) {
  const LoadedBundle bundle =
      load_with("    mode: development\n",
                "      max_concurrent_runs: 2\n      schedule: {quartz_cron_expression: '0 0 3 * * "
                "?', timezone_id: UTC, pause_status: UNPAUSED}\n");
  ASSERT_EQ(all_of(bundle), "");
  EXPECT_EQ(bundle.jobs.at(0).settings.max_concurrent_runs, 2);
  EXPECT_FALSE(bundle.jobs.at(0).settings.schedule->paused);
  EXPECT_TRUE(bundle.paused_by_development.empty());
}

TEST(DevelopmentMode, DoesNotPauseHooks) {
  const LoadedBundle bundle = load_with("    mode: development\n",
                                        "      sheaf: {hooks: [{name: drift, secret: stored}]}\n");
  ASSERT_EQ(all_of(bundle), "");
  EXPECT_EQ(bundle.jobs.at(0).settings.hooks.size(), 1u);
  EXPECT_TRUE(bundle.paused_by_development.empty());
}

TEST(DevelopmentMode, PathsMustBePersonal) {
  EXPECT_TRUE(
      has_finding(load_with("    mode: development\n    workspace: {root_path: /Shared/x}\n", ""),
                  "root_path must hold the user's name"));
  EXPECT_EQ(all_of(load_with("    mode: development\n    workspace: {root_path: "
                             "\"/Shared/${workspace.current_user.short_name}\"}\n",
                             "")),
            "");
}

TEST(DevelopmentMode, HasNoLock) {
  EXPECT_NE(load_with("    mode: development\n", "").configuration_json.find("\"lock\": {"),
            std::string::npos);
  EXPECT_EQ(load_with("    {}\n", "").configuration_json.find("\"lock\""), std::string::npos);
}

TEST(Presets, ReachArtifacts) {
  BundleFolder folder;
  folder.with_root(
      "presets: {artifacts_dynamic_version: true}\nartifacts: {a: {path: .}, b: {path: "
      ".}, c: {dynamic_version: false}}\n" +
      a_job());
  const std::string configuration = folder.load().configuration_json;
  const std::string set = "\"dynamic_version\": true";
  const std::size_t first = configuration.find(set);
  ASSERT_NE(first, std::string::npos);
  const std::size_t second = configuration.find(set, first + 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_EQ(configuration.find(set, second + 1), std::string::npos);
}

TEST(OtherModes, FillInTheDefaultsOfJobs) {
  const LoadedBundle bundle = load_with("    {}\n", kSchedule);
  const model::JobSettings& job = bundle.jobs.at(0).settings;
  EXPECT_EQ(
      bundle.jobs.at(0).settings_json,
      R"({"max_concurrent_runs":1,"name":"Untitled","queue":{"enabled":true},"schedule":)"
      R"({"pause_status":"UNPAUSED","quartz_cron_expression":"0 0 3 * * ?","timezone_id":"UTC"},)"
      R"("tasks":[{"command_task":{"command":["true"]},"task_key":"train"}]})");
  EXPECT_FALSE(job.schedule->paused);
}

TEST(ProductionMode, WantsARootPathInItsTarget) {
  EXPECT_TRUE(has_finding(load_with("    mode: production\n", ""),
                          "a target for production must say where"));
  EXPECT_EQ(all_of(load_with("    mode: production\n    workspace: {root_path: /Shared/x}\n", "")),
            "");
}

TEST(Presets, FillInWhatIsNotSet) {
  const LoadedBundle bundle = load_with(
      "    presets: {name_prefix: 'qa-', tags: {team: a, cost: 1}, trigger_pause_status: PAUSED, "
      "jobs_max_concurrent_runs: 9}\n",
      "      name: wine\n      tags: {team: b}\n" + kSchedule);
  ASSERT_EQ(all_of(bundle), "");
  const model::JobSettings& job = bundle.jobs.at(0).settings;
  EXPECT_EQ(job.name, "qa-wine");
  EXPECT_EQ(job.max_concurrent_runs, 9);
  EXPECT_TRUE(job.schedule->paused);
  EXPECT_TRUE(bundle.paused_by_development.empty());
  EXPECT_NE(bundle.jobs[0].settings_json.find(R"("tags":{"cost":"1","team":"b"})"),
            std::string::npos);
}

TEST(Presets, UnknownOnesAreNamed) {
  EXPECT_TRUE(has_finding(load_with("    presets: {name_prefx: a}\n", ""),
                          "unknown field \"name_prefx\"; did you mean \"name_prefix\"?"));
}

TEST(Presets, BundleWideSettingsReachJobsThatLackThem) {
  BundleFolder folder;
  folder.with_root("run_as: {user_name: a}\npermissions: [{level: CAN_RUN, user_name: b}]\n" +
                   a_job());
  const LoadedBundle bundle = folder.load();
  EXPECT_EQ(all_of(bundle), "");
  EXPECT_NE(bundle.jobs.at(0).settings_json.find(R"("run_as":{"user_name":"a"})"),
            std::string::npos);
  EXPECT_NE(bundle.jobs.at(0).settings_json.find(
                R"("permissions":[{"level":"CAN_MANAGE_RUN","user_name":"b"},)"
                R"({"level":"IS_OWNER","user_name":"ann.b@example.org"}])"),
            std::string::npos);
}

}  // namespace
}  // namespace sheaf::bundles
