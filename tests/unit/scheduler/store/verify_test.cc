#include "scheduler/store/verify.h"

#include <atomic>
#include <deque>
#include <random>

#include <gtest/gtest.h>

#include "common/base/guarded.h"
#include "scheduler/engine/engine.h"
#include "tests/unit/scheduler/store/samples.h"
#include "tests/unit/scheduler/store/store_fixture.h"

namespace sheaf::store {
namespace {

constexpr const char* kJob = R"({
  "name": "wine", "max_concurrent_runs": 2,
  "parameters": [{"name": "reason", "default": "none"}],
  "webhook_notifications": {"on_failure": [{"id": "hook"}], "on_success": [{"id": "hook"}]},
  "schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "UTC"},
  "tasks": [
    {"task_key": "prep", "command_task": {"command": ["true"]}},
    {"task_key": "train", "max_retries": 2, "depends_on": [{"task_key": "prep"}],
     "command_task": {"command": ["train", "{{job.parameters.reason}}"]}},
    {"task_key": "better", "depends_on": [{"task_key": "train"}],
     "condition_task": {"op": "EQUAL_TO", "left": "{{tasks.train.values.better}}", "right": "1"}},
    {"task_key": "deploy", "depends_on": [{"task_key": "better", "outcome": "true"}],
     "command_task": {"command": ["true"]}}]})";

/// An engine over the store, and a world that does to it whatever its seed says.
class VerifyTest : public StoreTest {
 protected:
  void start_engine() {
    open();
    engine::Outlets outlets;
    outlets.start_attempt = [this](const core::StartAttempt& order) {
      starts_.with([&order](auto& starts) { starts.push_back(order); });
    };
    outlets.send_alert = [this](const core::SendAlert& order) {
      alerts_.with([&order](auto& alerts) { alerts.push_back(order.alert.id); });
    };
    outlets.fatal = [](const Error& error) { FAIL() << error.message; };
    engine_ = std::make_unique<engine::Engine>(
        store(), std::move(outlets), [this] { return from_epoch_ms(now_ms_ += 7); });
    ASSERT_TRUE(engine_->start());
  }
  void stop_engine() {
    engine_->stop();
    engine_.reset();
  }

  /// Refusals are part of the game.
  engine::Outcome call(core::Command command) { return engine_->call(std::move(command)); }

  void deploy(const std::string& json) {
    const auto settings = model::parse_job_settings(json);
    ASSERT_TRUE(settings) << settings.error().message;
    const auto outcome = call(
        core::Deploy{.bundle = "wine",
                     .target = "dev",
                     .principal = "ann",
                     .jobs = {{.resource_key = "wine",
                               .settings_digest = std::to_string(std::hash<std::string>{}(json)),
                               .settings_json = json,
                               .settings = std::make_shared<model::JobSettings>(*settings)}}});
    ASSERT_TRUE(outcome) << outcome.error().message;
    job_ = std::get<core::DeployReply>(*outcome).jobs.front().id;
  }
  void register_worker() {
    const auto outcome =
        call(core::RegisterWorker{.name = "local",
                                  .boot_id = std::to_string(random_() % 2),
                                  .version = "1",
                                  .slots = 3,
                                  .resources = {.cpu_millis = 2'000, .gpus = {0, 1}}});
    ASSERT_TRUE(outcome);
    worker_ = std::get<core::RegisterReply>(*outcome).worker;
  }
  void submit() {
    const auto outcome =
        call(core::SubmitRun{.job = job_,
                             .overrides = {{"reason", std::to_string(random_() % 100)}},
                             .receipt_key = "token/" + std::to_string(random_() % 200)});
    if (outcome) {
      runs_.push_back(std::get<core::SubmitReply>(*outcome).run);
    }
  }
  /// Starts, publishes for, or ends an attempt that was ordered.
  void report() {
    const auto order = starts_.with([](auto& starts) -> std::optional<core::StartAttempt> {
      if (starts.empty()) {
        return std::nullopt;
      }
      core::StartAttempt first = starts.front();
      starts.pop_front();
      return first;
    });
    if (!order) {
      return;
    }
    const model::AttemptSpec& spec = order->spec;
    (void)call(
        core::ReportStarted{.worker = order->worker, .attempt = spec.attempt, .fence = spec.fence});
    (void)call(
        core::ReportValues{.worker = order->worker,
                           .attempt = spec.attempt,
                           .fence = spec.fence,
                           .values = {{.key = "better", .json = std::to_string(random_() % 2)}}});
    model::AttemptOutcome outcome{.end = model::AttemptEnd::kExited,
                                  .exit_code = random_() % 4 == 0 ? 1 : 0,
                                  .tree_empty = true,
                                  .message = "done"};
    (void)call(core::ReportResult{
        .worker = order->worker, .attempt = spec.attempt, .fence = spec.fence, .outcome = outcome});
  }
  void settle_alert() {
    const auto alert = alerts_.with([](auto& alerts) {
      const AlertId first = alerts.empty() ? AlertId{} : alerts.front();
      if (!alerts.empty()) {
        alerts.pop_front();
      }
      return first;
    });
    if (alert.is_valid()) {
      using Outcome = core::SettleAlert::Outcome;
      (void)call(core::SettleAlert{
          .alert = alert,
          .outcome = random_() % 2 == 0 ? Outcome::kDelivered : Outcome::kPostponed,
          .next_try = from_epoch_ms(now_ms_ + 1'000),
          .error = "refused"});
    }
  }
  void do_something() {
    switch (random_() % 12) {
      case 0:
        submit();
        break;
      case 1:
        if (!runs_.empty()) {
          (void)call(core::CancelRun{.run = runs_[random_() % runs_.size()]});
        }
        break;
      case 2:
        register_worker();
        break;
      case 3:
        settle_alert();
        break;
      case 4:
        (void)call(core::SetHookSecret{.job = job_, .hook = "drift", .sealed = "sealed"});
        break;
      default:
        report();
        break;
    }
  }

  std::mt19937 random_;
  std::atomic<std::int64_t> now_ms_ = 1'700'000'000'000;
  JobId job_;
  WorkerId worker_;
  std::vector<RunId> runs_;
  std::unique_ptr<engine::Engine> engine_;
  Guarded<std::deque<core::StartAttempt>> starts_;
  Guarded<std::deque<AlertId>> alerts_;
};

std::string listed(const VerifyReport& report) {
  std::string text;
  for (const std::string& fault : report.faults) {
    text += fault + "\n";
  }
  return text;
}

TEST_F(VerifyTest, AnEnginesRowsFollowFromItsEvents) {
  constexpr unsigned kSeeds = 4;
  constexpr int kSteps = 150;
  start_engine();
  deploy(kJob);
  for (unsigned seed = 1; seed <= kSeeds; ++seed) {
    random_.seed(seed);
    register_worker();
    for (int step = 0; step < kSteps; ++step) {
      do_something();
    }
    stop_engine();
    const auto report = verify(store());
    ASSERT_TRUE(report) << "seed " << seed << ": " << report.error().message;
    EXPECT_EQ(listed(*report), "") << "seed " << seed;
    EXPECT_EQ(report->batches, store().head().batch);
    EXPECT_GT(report->runs, 5 * seed) << "too little happened to prove anything";
    // The next seed goes on with what this one left behind.
    close();
    start_engine();
  }
  stop_engine();
}

TEST_F(VerifyTest, NamesRowsThatDoNotFollowFromTheirEvents) {
  open();
  Batch batch = next();
  add_run(batch, a_run(200, model::RunState::kQueued));
  batch.events.push_back({.run = {}, .events = {core::EpochBegan{.epoch = 1}}});
  batch.runs.front().message = "never said";
  batch.pages.front().rows[1].lost_attempts = 1;
  batch.workers[sample_worker().id] = sample_worker();
  batch.pools[sample_pool().name] = sample_pool();
  batch.jobs[sample_job().id] = sample_job();
  batch.settings[sample_job().settings_digest] = settings_json(1);
  commit(batch);
  const auto report = verify(store());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(listed(*report),
            "run 200: not what the events say\n"
            "the tasks of run 200: not what the events say\n"
            "the id counter: not what the events say\n"
            "the list of workers: not what the events say\n"
            "the list of pools: not what the events say\n"
            "the list of jobs: not what the events say\n");
}

TEST_F(VerifyTest, NamesRowsThatAreMissing) {
  open();
  Batch batch = next();
  batch.events = {{.run = {},
                   .events = {core::EpochBegan{.epoch = 1},
                              core::JobRecorded{.job = sample_job()},
                              core::AlertRecorded{.alert = sample_alert()},
                              core::ReceiptRecorded{.receipt = sample_receipt()},
                              core::HookSecretRecorded{.secret = sample_hook_secret()},
                              core::DeploymentRecorded{.deployment = sample_deployment()}}}};
  commit(batch);
  const auto report = verify(store());
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(listed(*report),
            "the id counter: not what the events say\n"
            "a job: not what the events say\n"
            "the list of jobs: not what the events say\n"
            "the list of deployments: not what the events say\n"
            "an alert: not what the events say\n"
            "a receipt: not what the events say\n"
            "a hook secret: not what the events say\n");
}

}  // namespace
}  // namespace sheaf::store
