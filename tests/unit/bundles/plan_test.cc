// What a plan says of two states of a deployment.
#include "bundles/plan.h"

#include <gtest/gtest.h>

namespace sheaf::bundles {
namespace {

PlannedState state(std::string key, std::string settings, std::string files = "a") {
  return {.key = std::move(key),
          .settings_json = std::move(settings),
          .manifest_digest = std::string(64, files.front()),
          .file_path = "/Workspace/files"};
}

std::vector<FieldChange> changes(const std::string& before, const std::string& after) {
  const auto jobs = plan_jobs({state("j", before)}, {state("j", after)});
  return jobs.value().at(0).changes;
}

TEST(Plan, NamesWhatIsCreatedUpdatedDeletedAndKept) {
  const auto jobs =
      plan_jobs({state("gone", "{}"), state("kept", "{}"), state("old", R"({"a":1})")},
                {state("kept", "{}"), state("new", "{}"), state("old", R"({"a":2})")})
          .value();
  std::string told;
  for (const PlannedJob& job : jobs) {
    told += std::string(to_string(job.action)) + " " + job.key + "\n";
  }
  EXPECT_EQ(told, "delete gone\nunchanged kept\ncreate new\nupdate old\n");
}

TEST(Plan, TellsEachFieldWithItsOldAndNewValue) {
  EXPECT_EQ(changes(R"({"name":"a","queue":{"enabled":true},"tags":{"x":"1"}})",
                    R"({"name":"b","queue":{"enabled":false},"timeout_seconds":5})"),
            (std::vector<FieldChange>{{.path = "name", .before = R"("a")", .after = R"("b")"},
                                      {.path = "queue.enabled", .before = "true", .after = "false"},
                                      {.path = "tags", .before = R"({"x":"1"})", .after = ""},
                                      {.path = "timeout_seconds", .before = "", .after = "5"}}));
}

TEST(Plan, FindsTasksByTheirKey) {
  EXPECT_EQ(changes(R"({"tasks":[{"task_key":"a","n":1},{"task_key":"c"}]})",
                    R"({"tasks":[{"task_key":"a","n":2},{"task_key":"b"},{"task_key":"c"}]})"),
            (std::vector<FieldChange>{
                {.path = "tasks[a].n", .before = "1", .after = "2"},
                {.path = "tasks[b]", .before = "", .after = R"({"task_key":"b"})"}}));
}

TEST(Plan, TellsAListOfScalarsAsAWhole) {
  EXPECT_EQ(
      changes(R"({"l":["a","b"]})", R"({"l":["a","c"]})"),
      (std::vector<FieldChange>{{.path = "l", .before = R"(["a","b"])", .after = R"(["a","c"])"}}));
}

TEST(Plan, TellsAnotherOrderOfNamedElements) {
  EXPECT_EQ(changes(R"({"p":[{"name":"a"},{"name":"b"}]})", R"({"p":[{"name":"b"},{"name":"a"}]})")
                .size(),
            1U);
}

TEST(Plan, UpdatesAJobWhoseFilesDiffer) {
  const auto jobs = plan_jobs({state("j", "{}", "a")}, {state("j", "{}", "b")}).value();
  EXPECT_EQ(jobs.at(0).action, PlanAction::kUpdate);
  EXPECT_EQ(jobs.at(0).changes.at(0).path, "files");
  EXPECT_EQ(jobs.at(0).changes.at(0).before, "\"aaaaaaaaaaaa\"");
}

TEST(Plan, FailsOnSettingsThatAreNoJson) {
  EXPECT_EQ(plan_jobs({state("j", "{")}, {state("j", "{}")}).error().code, ErrorCode::kCorrupt);
}

TEST(Plan, ListsFilesThatDiffer) {
  const auto file = [](std::string path, char digit) {
    return model::ManifestFile{.path = std::move(path), .digest = std::string(64, digit)};
  };
  const FilePlan plan = plan_files({{file("a", '1'), file("b", '1'), file("c", '1')}},
                                   {{file("b", '1'), file("c", '2'), file("d", '1')}});
  EXPECT_EQ(plan.added, std::vector<std::string>{"d"});
  EXPECT_EQ(plan.changed, std::vector<std::string>{"c"});
  EXPECT_EQ(plan.removed, std::vector<std::string>{"a"});
  EXPECT_FALSE(plan.is_empty());
}

}  // namespace
}  // namespace sheaf::bundles
