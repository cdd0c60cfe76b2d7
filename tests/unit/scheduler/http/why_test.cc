#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

std::string run_path(std::int64_t run, const std::string& query = "") {
  return "/api/sheaf/v1/runs/" + std::to_string(run) + "/why" + query;
}

TEST_F(ApiTest, ALiveRunIsExplainedByTheCore) {
  register_worker();
  const auto run = run_now(deploy(a_job()));
  const auto attempt = next_attempt();
  const auto answer = get(run_path(run));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.at("run_id").as_int64(), run);
  EXPECT_EQ(answer.body.at("state").as_string(), "RUNNING");
  const auto& reason = answer.body.at("reasons").at(0);
  EXPECT_EQ(reason.at("code").as_string(), "STARTING");
  EXPECT_EQ(reason.at("task_run_id").as_int64(), attempt.attempt.value);
  EXPECT_FALSE(reason.as_object().contains("pool"));
  const auto id = std::to_string(attempt.attempt.value);
  EXPECT_EQ(get(run_path(run, "?task_run_id=" + id)).body.at("reasons"), answer.body.at("reasons"));
}

TEST_F(ApiTest, ARunThatIsOverIsExplainedFromItsRows) {
  register_worker();
  const auto run = run_now(deploy(a_job()));
  const auto attempt = next_attempt();
  report_started(attempt);
  report_exit(attempt, 3, {});
  const auto answer = get(run_path(run));
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.at("state").as_string(), "FAILED");
  const auto& reason = answer.body.at("reasons").at(0);
  EXPECT_EQ(reason.at("code").as_string(), "FINISHED");
  EXPECT_EQ(reason.at("because").at(0).at("outcome").as_string(), "FAILED");
}

TEST_F(ApiTest, WhatIsNotThereIsNotExplained) {
  const auto run = run_now(deploy(a_job()));
  EXPECT_EQ(get(run_path(987'654)).status, 404);
  EXPECT_EQ(get(run_path(run, "?task=nobody")).status, 404);
  EXPECT_EQ(get(run_path(run, "?task_run_id=x")).status, 400);
  EXPECT_EQ(get("/api/sheaf/v1/jobs/987654/why").status, 404);
}

TEST_F(ApiTest, AJobTellsItsScheduleItsSkippedFiresAndItsHooks) {
  auto settings = a_job();
  settings["schedule"] = {{"quartz_cron_expression", "0 0 6 * * ?"}, {"timezone_id", "UTC"}};
  settings["sheaf"] = {{"hooks", json::array{{{"name", "drift"}, {"secret", "stored"}}}}};
  const auto job = deploy(settings);
  const auto schedule = store_->read()->schedules()->at(0);
  const Timestamp nominal = schedule.settled + Milliseconds(10'000);
  ASSERT_TRUE(engine_->call(core::FireTrigger{.trigger = schedule.id,
                                              .job = JobId{job},
                                              .nominal = nominal,
                                              .following = nominal + Milliseconds(1'000),
                                              .skipped = {nominal - Milliseconds(1'000)}}));
  const auto answer = get("/api/sheaf/v1/jobs/" + std::to_string(job) + "/why");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.at("job_id").as_int64(), job);
  std::vector<std::string> codes;
  for (const auto& reason : answer.body.at("reasons").as_array()) {
    codes.emplace_back(reason.at("code").as_string());
  }
  EXPECT_EQ(codes,
            (std::vector<std::string>{
                "NEXT_FIRE", "CONCURRENCY_REACHED", "HOOK_WITHOUT_SECRET", "FIRE_SKIPPED"}));
  EXPECT_EQ(answer.body.at("reasons").at(0).at("until_ms").as_int64(),
            to_epoch_ms(nominal + Milliseconds(1'000)));
  EXPECT_EQ(answer.body.at("reasons").at(2).at("hook").as_string(), "drift");
}

}  // namespace
}  // namespace sheaf::http
