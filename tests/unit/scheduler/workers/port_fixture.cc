#include "tests/unit/scheduler/workers/port_fixture.h"

#include <unistd.h>

#include "common/model/job_settings.h"
#include "common/os/clocks.h"

namespace sheaf::workers {
namespace {

core::DeployedJob deployed(const std::string& json) {
  Result<model::JobSettings> settings = model::parse_job_settings(json);
  EXPECT_TRUE(settings.has_value()) << (settings ? "" : settings.error().message);
  return {.resource_key = "j",
          .settings_digest = "digest-" + std::to_string(std::hash<std::string>{}(json)),
          .settings_json = json,
          .settings = std::make_shared<const model::JobSettings>(*std::move(settings))};
}

std::string job_json(int tasks, const std::string& argument) {
  std::string json = R"({"name": "j", "max_concurrent_runs": 10, "tasks": [)";
  for (int i = 0; i < tasks; ++i) {
    json += i == 0 ? "" : ",";
    json += R"({"task_key": "t)" + std::to_string(i) +
            R"(", "command_task": {"command": ["echo", ")" + argument + R"("]}})";
  }
  return json + "]}";
}

}  // namespace

TestWorker::TestWorker(std::string name,
                       const transport::DealerSettings& control,
                       const transport::DealerSettings& log)
    : name_(std::move(name)),
      control_(transport::Dealer::connect(control).value()),
      log_(transport::Dealer::connect(log).value()) {}

void TestWorker::send(const wire::WorkerMessage& message) {
  ++header.sequence;
  send_raw(wire::encode(wire::WorkerFrame{.header = header, .messages = {message}}).value());
}

void TestWorker::send_raw(const std::string& bytes) {
  ASSERT_TRUE(eventually([&] { return control_.send(bytes).has_value(); }));
}

void TestWorker::drain() {
  while (const std::optional<std::string> bytes = control_.receive()) {
    const wire::SchedulerFrame frame = wire::decode_scheduler_frame(*bytes).value();
    received_.insert(received_.end(), frame.messages.begin(), frame.messages.end());
  }
}

wire::Register TestWorker::registration() const {
  return {.name = name_,
          .boot_id = boot_id,
          .agent_version = "test",
          .slots = slots,
          .highest_epoch = highest_epoch,
          .highest_fence = highest_fence};
}

wire::Welcome TestWorker::join(std::vector<wire::HeldAttempt> attempts) {
  header = {};
  wire::Register message = registration();
  message.attempts = std::move(attempts);
  send(message);
  const std::optional<wire::Welcome> welcome = receive<wire::Welcome>();
  EXPECT_TRUE(welcome.has_value());
  header.session = welcome.value_or(wire::Welcome{}).session;
  header.epoch = welcome.value_or(wire::Welcome{}).epoch;
  return welcome.value_or(wire::Welcome{});
}

void TestWorker::send_log(const wire::Log& piece) {
  const std::string bytes =
      wire::encode(wire::LogFrame{.header = header, .messages = {piece}}).value();
  ASSERT_TRUE(eventually([&] { return log_.send(bytes).has_value(); }));
}

std::optional<wire::LogAck> TestWorker::receive_log_ack(Milliseconds limit) {
  const std::optional<std::string> bytes = eventually([this] { return log_.receive(); }, limit);
  if (!bytes) {
    return std::nullopt;
  }
  const wire::LogAckFrame frame = wire::decode_log_ack_frame(*bytes).value();
  EXPECT_EQ(frame.messages.size(), 1U);
  return frame.messages.at(0);
}

void PortTest::SetUp() {
  std::string name = (std::filesystem::temp_directory_path() / "sheaf-port-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  folder_ = name;
  std::filesystem::create_directory(folder_ / "workers");
  settings_.keys = transport::generate_keys().value();
  settings_.http_base_url = "http://127.0.0.1:7";
  settings_.attempt_token = [](AttemptId attempt) { return "token-" + to_string(attempt); };
  settings_.fatal = [](const Error& error) { FAIL() << error.message; };
  start();
}

void PortTest::TearDown() {
  stop();
  std::filesystem::remove_all(folder_);
}

void PortTest::start() {
  authenticator_ =
      transport::Authenticator::start({.folders = {{"workers", folder_ / "workers"}}}).value();
  store_ = store::open_store(folder_ / "store").value();
  logs_ = files::LogFiles::open(folder_ / "logs").value();
  port_ = WorkerPort::create(settings_).value();
  engine::Outlets outlets;
  outlets.start_attempt = [this](const core::StartAttempt& order) { port_->order_start(order); };
  outlets.stop_attempt = [this](const core::StopAttempt& order) { port_->order_stop(order); };
  outlets.fatal = [](const Error& error) { FAIL() << error.message; };
  engine_ = std::make_unique<engine::Engine>(*store_, std::move(outlets), os::wall_time);
  const std::uint64_t fence = store_->head().batch;
  epoch_ = engine_->start().value();
  ASSERT_TRUE(port_
                  ->start({.engine = *engine_, .store = *store_, .logs = *logs_},
                          {.epoch = epoch_, .fence = fence})
                  .has_value());
}

void PortTest::stop() {
  port_->stop();
  engine_->stop();
  port_.reset();
  engine_.reset();
  logs_.reset();
  store_.reset();
  authenticator_.reset();
}

std::unique_ptr<TestWorker> PortTest::a_worker(const std::string& name) {
  return a_worker_with_key_of(name, name);
}

std::unique_ptr<TestWorker> PortTest::a_worker_with_key_of(const std::string& name,
                                                           const std::string& enrolled) {
  const transport::KeyPair keys =
      transport::load_or_create_keys(folder_ / "keys" / enrolled).value();
  EXPECT_TRUE(
      transport::store_public_key(folder_ / "workers" / (enrolled + ".pub"), keys.public_key)
          .has_value());
  return connect(name, keys);
}

std::unique_ptr<TestWorker> PortTest::connect(const std::string& name,
                                              const transport::KeyPair& keys) const {
  const transport::DealerSettings control{.endpoint = port_->control_endpoint(),
                                          .server_public_key = settings_.keys.public_key,
                                          .keys = keys};
  transport::DealerSettings log = control;
  log.endpoint = port_->log_endpoint();
  return std::make_unique<TestWorker>(name, control, log);
}

JobId PortTest::a_job(int tasks, const std::string& argument) {
  return call<core::DeployReply>(core::Deploy{.bundle = "b",
                                              .target = "dev",
                                              .principal = "ann",
                                              .jobs = {deployed(job_json(tasks, argument))}})
      .jobs.at(0)
      .id;
}

RunId PortTest::submit(JobId job) {
  return call<core::SubmitReply>(core::SubmitRun{.job = job}).run;
}

core::RunState PortTest::run_state(RunId run) const {
  return store_->read()->run_record(run).value().value().state;
}

core::TaskRow PortTest::task_row(RunId run, std::size_t task) const {
  return store_->read()->run(run).value().value().tasks.at(task);
}

core::TaskDetails PortTest::task_details(RunId run, core::TaskIndex task) const {
  const store::RunView view = store_->read()->run(run).value().value();
  const core::TaskDetails* found = view.find_details(task);
  core::TaskDetails details = found == nullptr ? core::TaskDetails{} : *found;
  details.attempts = view.finished_attempts(task);
  return details;
}

std::optional<WorkerPresence::State> PortTest::presence(const std::string& name) const {
  for (const WorkerPresence& worker : port_->workers()) {
    if (worker.name == name) {
      return worker.state;
    }
  }
  return std::nullopt;
}

wire::ResultReport PortTest::success(const wire::Lease& lease) {
  return {.attempt = lease.spec.attempt,
          .fence = lease.spec.fence,
          .outcome = {.end = model::AttemptEnd::kExited,
                      .exit_code = 0,
                      .tree_empty = true,
                      .started = os::wall_time(),
                      .ended = os::wall_time()}};
}

}  // namespace sheaf::workers
