#include <chrono>
#include <thread>

#include "tests/unit/scheduler/http/api_fixture.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

class RunsTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    register_worker();
  }

  json::value public_run(std::int64_t id) {
    const auto answer = get("/api/2.2/jobs/runs/get?run_id=" + std::to_string(id));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  json::value sheaf_run(std::int64_t id, const std::string& query = "") {
    const auto answer = get("/api/sheaf/v1/runs/" + std::to_string(id) + query);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body;
  }
  void write_log(const model::AttemptSpec& attempt,
                 files::LogStream stream,
                 std::string_view text) {
    const files::LogName name{attempt.run, attempt.attempt, stream};
    ASSERT_TRUE(logs_->append(name, logs_->length(name).value(), text));
    ASSERT_TRUE(logs_->sync());
  }

  json::object retrying_job() {
    auto job = a_job();
    job["parameters"] = {{{"name", "reason"}, {"default", "none"}}};
    job["tasks"] = {a_task("train", {{"max_retries", 1}}),
                    a_task("use", {{"depends_on", {{{"task_key", "train"}}}}})};
    return job;
  }
};

TEST_F(RunsTest, ShowsARunInBothShapesAsItGoes) {
  const auto job = deploy(retrying_job());
  const auto id = run_now(job, {{"reason", "drift"}});
  const auto first = next_attempt();
  auto run = public_run(id);
  EXPECT_EQ(run.at("state").at("life_cycle_state").as_string(), "RUNNING");
  EXPECT_EQ(run.at("status").at("state").as_string(), "RUNNING");
  EXPECT_EQ(run.at("tasks").at(0).at("state").at("life_cycle_state").as_string(), "PENDING");
  EXPECT_EQ(run.at("tasks").at(1).at("state").at("life_cycle_state").as_string(), "BLOCKED");
  EXPECT_EQ(run.at("job_parameters"),
            json::parse(R"([{"name": "reason", "value": "drift", "default": "none"}])"));
  EXPECT_EQ(run.at("trigger").as_string(), "ONE_TIME");
  report_started(first);
  report_exit(first, 7, {.message = "ValueError: no"});

  const auto second = next_attempt();
  EXPECT_NE(second.attempt, first.attempt);
  report_started(second);
  run = public_run(id);
  EXPECT_EQ(run.at("tasks").at(0).at("run_id").as_int64(), second.attempt.value);
  EXPECT_EQ(run.at("tasks").at(0).at("attempt_number").as_int64(), 1);
  const auto failed = public_run(first.attempt.value);
  EXPECT_EQ(failed.at("job_run_id").as_int64(), id);
  EXPECT_EQ(failed.at("state").at("result_state").as_string(), "FAILED");
  EXPECT_EQ(failed.at("attempt_number").as_int64(), 0);
  const auto running = public_run(second.attempt.value);
  EXPECT_EQ(running.at("state").at("life_cycle_state").as_string(), "RUNNING");
  EXPECT_EQ(running.at("original_attempt_run_id").as_int64(), first.attempt.value);

  report_values(second, {{.key = "model_update", .json = "1"}});
  EXPECT_TRUE(get("/api/sheaf/v1/runs/" + std::to_string(id) + "/values")
                  .body.at("values")
                  .as_object()
                  .empty())
      << "values count with the success only";
  report_exit(second, 0);
  EXPECT_EQ(get("/api/sheaf/v1/runs/" + std::to_string(id) + "/values").body.at("values"),
            json::value({{"train", {{"model_update", 1}}}}));
  succeed(next_attempt());

  run = public_run(id);
  EXPECT_EQ(run.at("state").at("life_cycle_state").as_string(), "TERMINATED");
  EXPECT_EQ(run.at("state").at("result_state").as_string(), "SUCCESS");
  EXPECT_GT(run.at("end_time").as_int64(), 0);
  const auto own = sheaf_run(id);
  EXPECT_EQ(own.at("state").as_string(), "SUCCESS");
  EXPECT_EQ(own.at("result").as_string(), "SUCCESS");
  EXPECT_EQ(own.at("bundle").as_string(), "wine");
  EXPECT_EQ(own.at("resource_key").as_string(), "wine");
  EXPECT_EQ(own.at("parameters"), json::value({{"reason", "drift"}}));
  EXPECT_EQ(own.at("trigger"), json::value({{"kind", "ONE_TIME"}, {"principal", "ann"}}));
  const auto& train = own.at("tasks").at(0);
  EXPECT_EQ(train.at("task_key").as_string(), "train");
  ASSERT_EQ(train.at("attempts").as_array().size(), 2U) << train;
  EXPECT_EQ(train.at("attempts").at(0).at("exit_code").as_int64(), 7);
  EXPECT_EQ(train.at("attempts").at(0).at("message").as_string(), "ValueError: no");
  EXPECT_EQ(train.at("attempts").at(0).at("worker").as_string(), "local");
  EXPECT_EQ(own.at("tasks").at(1).at("depends_on"),
            json::value(json::array({json::value("train")})));
}

TEST_F(RunsTest, AFailedLeafFailsTheRunInTheWordsThatClientsExpect) {
  const auto id = run_now(deploy(a_job()));
  const auto attempt = next_attempt();
  report_started(attempt);
  write_log(attempt, files::LogStream::kStdout, "loading\n");
  write_log(attempt, files::LogStream::kStderr, "Traceback:\n  line 1\nValueError: no wine \xff\n");
  report_exit(
      attempt, 1, {.message = "ValueError: no wine", .stdout_bytes = 8, .stderr_bytes = 41});
  const auto run = public_run(id);
  EXPECT_EQ(run.at("state").at("life_cycle_state").as_string(), "INTERNAL_ERROR");
  EXPECT_EQ(run.at("state").at("result_state").as_string(), "FAILED");
  EXPECT_TRUE(run.at("state")
                  .at("state_message")
                  .as_string()
                  .starts_with("Task only failed with message: "))
      << run.at("state");
  EXPECT_EQ(run.at("status").at("termination_details").at("code").as_string(),
            "RUN_EXECUTION_ERROR");
  for (const auto shown : {attempt.attempt.value, id}) {
    const auto output = get("/api/2.2/jobs/runs/get-output?run_id=" + std::to_string(shown)).body;
    EXPECT_EQ(output.at("logs").as_string(),
              "loading\nTraceback:\n  line 1\nValueError: no wine \xEF\xBF\xBD\n");
    EXPECT_EQ(output.at("error").as_string(), "ValueError: no wine \xEF\xBF\xBD");
    EXPECT_TRUE(output.at("error_trace").as_string().starts_with("Traceback:"));
    EXPECT_FALSE(output.at("logs_truncated").as_bool());
    EXPECT_EQ(output.at("metadata").at("run_id").as_int64(), attempt.attempt.value);
  }
}

TEST_F(RunsTest, KnowsNoRunThatIsNone) {
  for (const char* target : {"/api/2.2/jobs/runs/get?run_id=999",
                             "/api/2.2/jobs/runs/get-output?run_id=999",
                             "/api/2.2/jobs/get?job_id=999",
                             "/api/sheaf/v1/runs/999",
                             "/api/sheaf/v1/runs/999/values",
                             "/api/sheaf/v1/attempts/999/logs/stdout"}) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, 404) << target;
    EXPECT_EQ(answer.body.at("error_code").as_string(), "RESOURCE_DOES_NOT_EXIST");
  }
  EXPECT_EQ(get("/api/2.2/jobs/runs/get").status, 400);
  EXPECT_EQ(get("/api/2.2/jobs/runs/get?run_id=1x").status, 400);
  EXPECT_EQ(post("/api/2.2/jobs/run-now", {{"job_id", 999}}).status, 404);
  EXPECT_EQ(post("/api/2.2/jobs/runs/cancel", {{"run_id", 999}}).status, 404);
}

TEST_F(RunsTest, RunNowTakesATokenOnceAndRefusesWhatItCannotDo) {
  const auto job = deploy(retrying_job());
  const json::object once{{"job_id", job}, {"idempotency_token", "t-1"}};
  const auto first = post("/api/2.2/jobs/run-now", once);
  const auto second = post("/api/2.1/jobs/run-now", once);
  EXPECT_EQ(first.body, second.body);
  const auto refused = [&](json::object body) {
    body["job_id"] = job;
    return post("/api/2.2/jobs/run-now", body).status;
  };
  EXPECT_EQ(refused({{"idempotency_token", std::string(65, 'x')}}), 400);
  EXPECT_EQ(refused({{"job_parameters", {{"raeson", "x"}}}}), 400);
  EXPECT_EQ(refused({{"job_parameters", {{"reason", 1}}}}), 400);
  EXPECT_EQ(refused({{"job_parameters", {{"reason", std::string(10'001, 'x')}}}}), 400);
  EXPECT_EQ(refused({{"jar_params", {"a"}}}), 400);
  EXPECT_EQ(refused({{"notebook_params", {{"a", 1}}}}), 400);
  EXPECT_EQ(refused({{"notebook_params", {{"a", std::string(10'001, 'x')}}}}), 400);
  EXPECT_EQ(refused({{"job_parameters", {{"notebook_params/a", "b"}}}}), 400);
  EXPECT_EQ(refused({{"notebook_params", {{"a", "b"}}}, {"python_named_params", {{"c", "d"}}}}),
            200);
  EXPECT_EQ(refused({{"only", {"trian"}}}), 400);
  EXPECT_EQ(refused({{"only", "train"}}), 400);
  EXPECT_EQ(refused({{"python_params", {"ü"}}}), 400);
  EXPECT_EQ(refused({{"python_params", {std::string(10'000, 'x')}}}), 400);
  EXPECT_EQ(refused({{"queue", {{"enabled", "yes"}}}}), 400);
  EXPECT_EQ(refused({{"notebook_params", json::object()}, {"only", nullptr}}), 200);
}

TEST_F(RunsTest, QueuesAndCancels) {
  const auto job = deploy(a_job());
  const auto running = run_now(job);
  const auto attempt = next_attempt();
  report_started(attempt);
  const auto second = run_now(job);
  const auto third = run_now(job);
  EXPECT_EQ(sheaf_run(second).at("queue_position").as_int64(), 1);
  EXPECT_EQ(sheaf_run(third).at("queue_position").as_int64(), 2);
  EXPECT_FALSE(sheaf_run(running).as_object().contains("queue_position"));
  const auto queued = public_run(second);
  EXPECT_EQ(queued.at("state").at("life_cycle_state").as_string(), "QUEUED");
  EXPECT_EQ(queued.at("status").at("queue_details").at("code").as_string(),
            "MAX_CONCURRENT_RUNS_REACHED");
  EXPECT_EQ(post("/api/2.2/jobs/runs/cancel", {{"run_id", third}}).status, 200);
  EXPECT_EQ(public_run(third).at("state").at("result_state").as_string(), "CANCELED");
  EXPECT_EQ(post("/api/2.2/jobs/runs/cancel", {{"run_id", running}}).status, 200);
  EXPECT_EQ(public_run(running).at("state").at("life_cycle_state").as_string(), "TERMINATING");
  EXPECT_EQ(post("/api/2.2/jobs/runs/cancel", {{"run_id", attempt.attempt.value}}).status, 200);
  EXPECT_EQ(post("/api/2.2/jobs/runs/cancel", {{"run_id", 999'999}}).status, 404);
}

TEST_F(RunsTest, ListsPageByPage) {
  auto settings = a_job();
  settings["max_concurrent_runs"] = 50;
  const auto job = deploy(settings);
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(run_now(job));
  }
  std::vector<std::int64_t> listed;
  std::string token;
  do {
    const auto page = get("/api/2.2/jobs/runs/list?limit=2&job_id=" + std::to_string(job) +
                          (token.empty() ? "" : "&page_token=" + token))
                          .body;
    for (const auto& run : page.at("runs").as_array()) {
      listed.push_back(run.at("run_id").as_int64());
    }
    EXPECT_EQ(page.at("has_more").as_bool(), page.as_object().contains("next_page_token"));
    token = page.as_object().contains("next_page_token")
                ? std::string(page.at("next_page_token").as_string())
                : "";
  } while (!token.empty());
  EXPECT_EQ(listed, (std::vector<std::int64_t>(ids.rbegin(), ids.rend())));
  EXPECT_EQ(get("/api/2.2/jobs/runs/list?active_only=true&completed_only=true").status, 400);
  EXPECT_EQ(get("/api/2.2/jobs/runs/list?limit=26").status, 400);
  EXPECT_EQ(get("/api/2.2/jobs/runs/list?completed_only=true").body.at("runs").as_array().size(),
            0U);
  EXPECT_EQ(get("/api/2.2/jobs/runs/list?start_time_from=4000000000000")
                .body.at("runs")
                .as_array()
                .size(),
            0U);
  const auto expanded = get("/api/2.2/jobs/runs/list?expand_tasks=true&limit=1").body;
  EXPECT_EQ(expanded.at("runs").at(0).at("tasks").as_array().size(), 1U);
  const auto own = get("/api/sheaf/v1/runs?limit=3&before=" + std::to_string(ids[4])).body;
  ASSERT_EQ(own.at("runs").as_array().size(), 3U);
  EXPECT_EQ(own.at("runs").at(0).at("run_id").as_int64(), ids[3]);
}

TEST_F(RunsTest, ListsJobsByNameAndPage) {
  ASSERT_EQ(try_deploy({{"a", a_job("Wine")}, {"b", a_job("beer")}, {"c", a_job("tea")}}).status,
            200);
  const auto named = get("/api/2.2/jobs/list?name=wINE").body;
  ASSERT_EQ(named.at("jobs").as_array().size(), 1U);
  EXPECT_EQ(named.at("jobs").at(0).at("settings").at("name").as_string(), "Wine");
  EXPECT_FALSE(named.at("jobs").at(0).at("settings").as_object().contains("tasks"));
  const auto page = get("/api/2.2/jobs/list?limit=2&expand_tasks=true").body;
  EXPECT_TRUE(page.at("has_more").as_bool());
  EXPECT_EQ(page.at("jobs").at(0).at("settings").at("tasks").as_array().size(), 1U);
  const auto rest =
      get("/api/2.2/jobs/list?page_token=" + std::string(page.at("next_page_token").as_string()))
          .body;
  EXPECT_EQ(rest.at("jobs").as_array().size(), 1U);
  EXPECT_FALSE(rest.at("has_more").as_bool());
}

TEST_F(RunsTest, PagesTheTasksOfLongJobs) {
  json::array tasks;
  for (int i = 0; i < 230; ++i) {
    tasks.push_back(a_task("t" + std::to_string(i)));
  }
  auto settings = a_job();
  settings["tasks"] = tasks;
  const auto job = deploy(settings);
  const auto id = run_now(job);
  for (const std::string& target : {"/api/2.2/jobs/get?job_id=" + std::to_string(job),
                                    "/api/2.2/jobs/runs/get?run_id=" + std::to_string(id)}) {
    std::vector<std::size_t> sizes;
    std::string token;
    do {
      const auto body = get(target + (token.empty() ? "" : "&page_token=" + token)).body;
      const auto& object = body.as_object();
      const auto& shown = object.contains("settings") ? body.at("settings") : body;
      sizes.push_back(shown.at("tasks").as_array().size());
      token = object.contains("next_page_token")
                  ? std::string(object.at("next_page_token").as_string())
                  : "";
    } while (!token.empty());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{100, 100, 30})) << target;
  }
  EXPECT_EQ(sheaf_run(id).at("tasks").as_array().size(), 230U);
}

TEST_F(RunsTest, WaitsForARunToChange) {
  const auto id = run_now(deploy(a_job()));
  const auto attempt = next_attempt();
  const auto version = sheaf_run(id).at("version").as_int64();
  const auto wait = "?wait_ms=20000&version=" + std::to_string(version);
  json::value changed;
  std::thread client([&] { changed = sheaf_run(id, wait); });
  report_started(attempt);
  client.join();
  EXPECT_GT(changed.at("version").as_int64(), version);
  const auto before = std::chrono::steady_clock::now();
  const auto same = sheaf_run(
      id, "?wait_ms=50&version=" + std::to_string(sheaf_run(id).at("version").as_int64()));
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(50));
  EXPECT_EQ(same.at("state").as_string(), "RUNNING");
}

TEST_F(RunsTest, FollowsALogToItsEnd) {
  const auto id = run_now(deploy(a_job()));
  (void)id;
  const auto attempt = next_attempt();
  report_started(attempt);
  const std::string path = "/api/sheaf/v1/attempts/" + to_string(attempt.attempt) + "/logs/stdout";
  const auto empty = ask(port_, {.target = path, .token = token_});
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(empty.headers.at("x-sheaf-offset"), "0");
  EXPECT_EQ(empty.headers.at("x-sheaf-complete"), "false");

  std::string followed;
  std::thread client([&] {
    std::string offset = "0";
    std::string complete = "false";
    while (complete == "false") {
      const auto part =
          ask(port_, {.target = path + "?wait_ms=20000&offset=" + offset, .token = token_});
      ASSERT_EQ(part.status, 200);
      followed += part.body;
      offset = part.headers.at("x-sheaf-offset");
      complete = part.headers.at("x-sheaf-complete");
    }
  });
  std::string written;
  for (int i = 0; i < 50; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    write_log(attempt, files::LogStream::kStdout, line);
    written += line;
  }
  report_exit(attempt, 0, {.stdout_bytes = written.size()});
  client.join();
  EXPECT_EQ(followed, written);
  EXPECT_EQ(get("/api/sheaf/v1/attempts/" + to_string(attempt.attempt) + "/logs/both").status, 404);
  const auto err = ask(port_,
                       {.target = "/api/sheaf/v1/attempts/" + to_string(attempt.attempt) +
                                  "/logs/stderr?wait_ms=20000",
                        .token = token_});
  EXPECT_EQ(err.headers.at("x-sheaf-complete"), "true");
}

TEST_F(RunsTest, ALogIsCompleteOnlyWhenItsLastByteIsHere) {
  run_now(deploy(a_job()));
  const auto attempt = next_attempt();
  report_started(attempt);
  report_exit(attempt, 0, {.stdout_bytes = 4});
  const std::string path = "/api/sheaf/v1/attempts/" + to_string(attempt.attempt) + "/logs/stdout";
  const auto early = ask(port_, {.target = path + "?wait_ms=10", .token = token_});
  EXPECT_EQ(early.headers.at("x-sheaf-complete"), "false");
  write_log(attempt, files::LogStream::kStdout, "end\n");
  const auto late = ask(port_, {.target = path + "?wait_ms=20000", .token = token_});
  EXPECT_EQ(late.body, "end\n");
  EXPECT_EQ(late.headers.at("x-sheaf-complete"), "true");
}

TEST_F(RunsTest, ShowsWorkersSchedulesAndAlerts) {
  auto settings = a_job();
  settings["schedule"] = {{"quartz_cron_expression", "0 0 2 * * ?"},
                          {"timezone_id", "Europe/Berlin"},
                          {"pause_status", "PAUSED"}};
  settings["email_notifications"] = {{"on_failure", {"ann@example.org"}}};
  const auto job = deploy(settings);
  const auto id = run_now(job);
  const auto attempt = next_attempt();
  const auto workers = get("/api/sheaf/v1/workers").body.at("workers");
  ASSERT_EQ(workers.as_array().size(), 1U);
  EXPECT_EQ(workers.at(0).at("used").as_int64(), 1);
  EXPECT_EQ(workers.at(0).at("slots").as_int64(), 2);
  EXPECT_EQ(workers.at(0).at("state").as_string(), "connected");
  const auto schedules = get("/api/sheaf/v1/schedules").body.at("schedules");
  ASSERT_EQ(schedules.as_array().size(), 1U);
  EXPECT_EQ(schedules.at(0).at("job_id").as_int64(), job);
  EXPECT_EQ(schedules.at(0).at("timezone_id").as_string(), "Europe/Berlin");
  EXPECT_TRUE(schedules.at(0).at("paused").as_bool());
  EXPECT_EQ(schedules.at(0).at("daylight_saving").as_string(), "wall_clock");
  report_started(attempt);
  report_exit(attempt, 1);
  const auto alerts = get("/api/sheaf/v1/alerts?run_id=" + std::to_string(id)).body.at("alerts");
  ASSERT_EQ(alerts.as_array().size(), 1U) << alerts;
  EXPECT_EQ(alerts.at(0).at("event").as_string(), "failure");
  EXPECT_EQ(alerts.at(0).at("channel").as_string(), "email");
  EXPECT_EQ(alerts.at(0).at("destination").as_string(), "ann@example.org");
  EXPECT_EQ(alerts.at(0).at("state").as_string(), "pending");
}

}  // namespace
}  // namespace sheaf::http
