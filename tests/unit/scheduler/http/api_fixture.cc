#include "tests/unit/scheduler/http/api_fixture.h"

#include <cstdlib>

#include "common/os/clocks.h"
#include "common/os/file.h"

namespace sheaf::http {

namespace json = boost::json;

ApiTest::ApiTest() {
  std::string name = testing::TempDir() + "/sheaf-api-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  folder_ = name;
}

ApiTest::~ApiTest() {
  if (engine_) {
    engine_->stop();
  }
  pool_.stop();
  router_ = Router();
  engine_.reset();
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void ApiTest::open_files() {
  auto store = store::open_store(folder_ / "store");
  ASSERT_TRUE(store) << store.error().message;
  store_ = std::move(*store);
  auto tokens = Tokens::open(folder_, "ann");
  ASSERT_TRUE(tokens) << tokens.error().message;
  tokens_ = std::make_unique<Tokens>(std::move(*tokens));
  token_ = os::read_file(folder_ / "token", 1'000).value();
  token_.pop_back();
  blobs_ = std::move(files::Blobs::open(folder_ / "blobs").value());
  logs_ = std::move(files::LogFiles::open(folder_ / "logs").value());
  feed_ = std::make_unique<ChangeFeed>(store_->head().batch);
}

void ApiTest::start_engine() {
  engine::Outlets outlets;
  outlets.start_attempt = [this](const core::StartAttempt& order) {
    const std::lock_guard lock(mutex_);
    orders_.push_back(order.spec);
    came_.notify_all();
  };
  outlets.stop_attempt = [](const core::StopAttempt&) {};
  outlets.send_alert = [](const core::SendAlert&) {};
  outlets.watch_schedule = [](const core::WatchSchedule&) {};
  outlets.unwatch_schedule = [](const core::UnwatchSchedule&) {};
  outlets.runs_changed = [this](const std::vector<RunId>& runs, std::uint64_t batch) {
    feed_->publish(runs, batch);
  };
  outlets.turned = [] {};
  outlets.fatal = [](const Error& error) {
    std::fprintf(stderr, "store: %s\n", error.message.c_str());
    std::abort();
  };
  engine_ =
      std::make_unique<engine::Engine>(*store_, std::move(outlets), [] { return os::wall_time(); });
  const auto epoch = engine_->start();
  ASSERT_TRUE(epoch) << epoch.error().message;
}

void ApiTest::SetUp() {
  open_files();
  start_engine();
  const auto added = add_routes(router_,
                                {.engine = *engine_,
                                 .store = *store_,
                                 .blobs = *blobs_,
                                 .logs = *logs_,
                                 .feed = *feed_,
                                 .tokens = *tokens_,
                                 .pool = pool_,
                                 .data_folder = folder_,
                                 .worker_state = [](WorkerId) { return "connected"; }});
  ASSERT_TRUE(added) << added.error().message;
  auto server = Server::listen(
      {.port = 0},
      router_,
      [this](std::string_view authorization) {
        return tokens_->authenticate(authorization, os::wall_time());
      },
      pool_);
  ASSERT_TRUE(server) << server.error().message;
  port_ = (*server)->port();
  (*server)->serve();
}

ApiTest::Answered ApiTest::send(const Ask& request) {
  const auto answer = ask(port_, request);
  json::error_code code;
  Answered answered{
      .status = answer.status, .body = json::parse(answer.body, code), .headers = answer.headers};
  if (code) {
    answered.body = json::string(answer.body);
  }
  return answered;
}

ApiTest::Answered ApiTest::post(const std::string& target, const json::value& body) {
  return send({.method = "POST", .target = target, .token = token_, .body = json::serialize(body)});
}

ApiTest::Answered ApiTest::put(const std::string& target, const json::value& body) {
  return send({.method = "PUT", .target = target, .token = token_, .body = json::serialize(body)});
}

ApiTest::Answered ApiTest::try_deploy(const json::value& jobs, json::object rest) {
  rest.insert({{"bundle", "wine"}, {"target", "dev"}, {"jobs", jobs}});
  return post("/api/sheaf/v1/deployments", rest);
}

std::int64_t ApiTest::deploy(const json::value& settings) {
  const auto answer = try_deploy({{"wine", settings}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.status == 200 ? answer.body.at("jobs").at(0).at("job_id").as_int64() : 0;
}

std::int64_t ApiTest::run_now(std::int64_t job, json::object parameters) {
  const auto answer =
      post("/api/2.2/jobs/run-now", {{"job_id", job}, {"job_parameters", std::move(parameters)}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  return answer.status == 200 ? answer.body.at("run_id").as_int64() : 0;
}

void ApiTest::register_worker() {
  const auto reply = engine_->call(core::RegisterWorker{
      .name = "local", .boot_id = "boot-1", .version = "0.1.0", .slots = 2, .labels = {"cpu"}});
  ASSERT_TRUE(reply) << reply.error().message;
  worker_ = std::get<core::RegisterReply>(*reply).worker;
}

model::AttemptSpec ApiTest::next_attempt() {
  std::unique_lock lock(mutex_);
  EXPECT_TRUE(came_.wait_for(lock, std::chrono::seconds(20), [this] { return !orders_.empty(); }));
  if (orders_.empty()) {
    return {};
  }
  auto order = std::move(orders_.front());
  orders_.pop_front();
  return order;
}

void ApiTest::report_started(const model::AttemptSpec& attempt) {
  EXPECT_TRUE(engine_->call(core::ReportStarted{.worker = worker_,
                                                .attempt = attempt.attempt,
                                                .fence = attempt.fence,
                                                .started = os::wall_time()}));
}

void ApiTest::report_values(const model::AttemptSpec& attempt,
                            std::vector<model::TaskValue> values) {
  EXPECT_TRUE(engine_->call(core::ReportValues{.worker = worker_,
                                               .attempt = attempt.attempt,
                                               .fence = attempt.fence,
                                               .values = std::move(values)}));
}

void ApiTest::report_exit(const model::AttemptSpec& attempt,
                          int exit_code,
                          model::AttemptOutcome outcome) {
  outcome.end = model::AttemptEnd::kExited;
  outcome.exit_code = exit_code;
  outcome.tree_empty = true;
  outcome.started = os::wall_time();
  outcome.ended = os::wall_time();
  EXPECT_TRUE(engine_->call(core::ReportResult{.worker = worker_,
                                               .attempt = attempt.attempt,
                                               .fence = attempt.fence,
                                               .outcome = std::move(outcome)}));
}

void ApiTest::succeed(const model::AttemptSpec& attempt) {
  report_started(attempt);
  report_exit(attempt, 0);
}

json::object a_task(std::string_view key, json::object rest) {
  rest.insert({{"task_key", key}, {"command_task", {{"command", {"true"}}}}});
  return rest;
}

json::object a_job(std::string_view name) {
  return {{"name", name}, {"tasks", {a_task("only")}}};
}

}  // namespace sheaf::http
