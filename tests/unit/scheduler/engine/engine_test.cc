// The engine over a real store: what is committed before what leaves, and what a restart finds.
#include "scheduler/engine/engine.h"

#include <atomic>
#include <deque>
#include <filesystem>
#include <future>
#include <thread>

#include <gtest/gtest.h>
#include <unistd.h>

#include "common/base/guarded.h"
#include "common/base/limits.h"
#include "common/model/job_settings.h"

namespace sheaf::engine {
namespace {

constexpr const char* kOneTask =
    R"({"name": "j", "tasks": [{"task_key": "t", "command_task": {"command": ["true"]}}]})";
constexpr const char* kTwoTasks =
    R"({"name": "j", "tasks": [{"task_key": "a", "command_task": {"command": ["true"]}},
        {"task_key": "b", "depends_on": [{"task_key": "a"}],
         "command_task": {"command": ["echo", "{{tasks.a.values.k}}"]}}]})";

/// A for-each task whose iterations fail before they start: their inputs have no such key.
std::string hopeless_loop(std::size_t iterations) {
  std::string inputs = "[0";
  for (std::size_t i = 1; i < iterations; ++i) {
    inputs += "," + std::to_string(i);
  }
  return R"({"name": "j", "tasks": [{"task_key": "each", "for_each_task":
             {"concurrency": 100, "inputs": ")" +
         inputs + R"(]", "task": {"task_key": "one",
             "command_task": {"command": ["{{input.missing}}"]}}}}]})";
}

core::Deploy deployment(const std::string& json) {
  auto settings = model::parse_job_settings(json);
  EXPECT_TRUE(settings.has_value()) << (settings ? "" : settings.error().message);
  return {.bundle = "b",
          .target = "dev",
          .principal = "ann",
          .jobs = {{.resource_key = "j",
                    .settings_digest = "digest-" + std::to_string(std::hash<std::string>{}(json)),
                    .settings_json = json,
                    .settings = std::make_shared<const model::JobSettings>(std::move(*settings))}}};
}

/// A store folder, an engine over it, and the orders that it gave.
class EngineTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "sheaf-engine-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
    start();
  }

  void TearDown() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    auto store = store::open_store(folder_ / "store");
    ASSERT_TRUE(store.has_value()) << store.error().message;
    store_ = std::move(*store);
    Outlets outlets;
    outlets.start_attempt = [this](const core::StartAttempt& order) {
      starts_.with([&order](auto& starts) { starts.push_back(order); });
      EXPECT_TRUE(committed_state(order.spec.run, order.spec.attempt));
    };
    outlets.fatal = [](const Error& error) { FAIL() << error.message; };
    engine_ = std::make_unique<Engine>(*store_, std::move(outlets), [] {
      return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now());
    });
    const auto epoch = engine_->start();
    ASSERT_TRUE(epoch.has_value()) << epoch.error().message;
    epoch_ = *epoch;
  }

  void stop() {
    if (engine_) {
      engine_->stop();
    }
    engine_.reset();
    store_.reset();
  }

  /// True when the store says that the attempt is leased: effects leave after the commit only.
  bool committed_state(RunId run, AttemptId attempt) {
    const auto view = store_->read()->run(run);
    for (const core::TaskRow& row : (*view)->tasks) {
      if (row.attempt == attempt) {
        return row.state == core::TaskState::kLeased;
      }
    }
    return false;
  }

  template <typename Reply>
  Reply call(core::Command command) {
    const Outcome outcome = engine_->call(std::move(command));
    EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
    return outcome ? std::get<Reply>(*outcome) : Reply{};
  }

  core::RegisterReply register_worker(std::vector<core::HeldAttempt> attempts = {}) {
    return call<core::RegisterReply>(core::RegisterWorker{.name = "w",
                                                          .boot_id = "boot",
                                                          .version = "test",
                                                          .slots = 2,
                                                          .attempts = std::move(attempts)});
  }

  std::vector<core::StartAttempt> take_starts() {
    return starts_.with([](auto& starts) { return std::exchange(starts, {}); });
  }

  /// The next order to start; effects leave just after the replies.
  core::StartAttempt take_start() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    std::vector<core::StartAttempt> starts = take_starts();
    while (starts.empty() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
      starts = take_starts();
    }
    EXPECT_EQ(starts.size(), 1U);
    return starts.at(0);
  }

  void finish(const core::StartAttempt& start, int exit_code = 0) {
    call<std::monostate>(core::ReportResult{
        .worker = start.worker,
        .attempt = start.spec.attempt,
        .fence = start.spec.fence,
        .outcome = {
            .end = model::AttemptEnd::kExited, .exit_code = exit_code, .tree_empty = true}});
  }

  core::RunRecord stored_run(RunId run) { return (*store_->read()->run_record(run)).value(); }

  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t epoch_ = 0;
  Guarded<std::vector<core::StartAttempt>> starts_;
};

TEST_F(EngineTest, ALongBatchLeavesTheRestToTheNextWithoutBeingAsked) {
  const JobId job =
      call<core::DeployReply>(deployment(hopeless_loop(limits::kLongBatchEvents + 1'000)))
          .jobs.at(0)
          .id;
  const RunId run = call<core::SubmitReply>(core::SubmitRun{.job = job}).run;
  while (!is_terminal(stored_run(run).state)) {
    std::this_thread::yield();
  }
  EXPECT_EQ(stored_run(run).state, core::RunState::kFailed);
}

TEST_F(EngineTest, ARestartGoesOnWithIterationsThatWaitedForAnotherBatch) {
  stop();
  store_ = store::open_store(folder_ / "store").value();
  const auto now = [] { return from_epoch_ms(1'700'000'000'000); };
  JobId job;
  RunId run;
  {
    Turn turn(*store_, {}, now);
    ASSERT_TRUE(turn.begin().has_value());
    const auto take = [&turn](core::Command command, OnOutcome on_outcome) {
      std::deque<Waiting> commands;
      commands.push_back({.command = std::move(command), .on_outcome = std::move(on_outcome)});
      turn.take(std::move(commands));
    };
    take(deployment(hopeless_loop(limits::kLongBatchEvents + 1'000)), [&](const Outcome& outcome) {
      job = std::get<core::DeployReply>(outcome.value()).jobs.at(0).id;
    });
    take(core::SubmitRun{.job = job},
         [&](const Outcome& outcome) { run = std::get<core::SubmitReply>(outcome.value()).run; });
    ASSERT_TRUE(turn.is_due());
    EXPECT_FALSE(is_terminal(stored_run(run).state));
  }
  Turn turn(*store_, {}, now);
  ASSERT_TRUE(turn.begin().has_value());
  while (turn.is_due()) {
    turn.take({});
  }
  EXPECT_EQ(stored_run(run).state, core::RunState::kFailed);
}

TEST_F(EngineTest, ARunGoesThroughItsTasksWithItsValues) {
  const JobId job = call<core::DeployReply>(deployment(kTwoTasks)).jobs.at(0).id;
  register_worker();
  const RunId run = call<core::SubmitReply>(core::SubmitRun{.job = job}).run;
  const core::StartAttempt first = take_start();
  call<std::monostate>(core::ReportValues{.worker = first.worker,
                                          .attempt = first.spec.attempt,
                                          .fence = first.spec.fence,
                                          .values = {{.key = "k", .json = "42"}}});
  finish(first);
  const core::StartAttempt second = take_start();
  EXPECT_EQ(second.spec.arguments, (std::vector<std::string>{"echo", "42"}));
  finish(second);
  EXPECT_EQ(stored_run(run).state, core::RunState::kSucceeded);
}

TEST_F(EngineTest, ARestartFindsTheRunWhereItWas) {
  const JobId job = call<core::DeployReply>(deployment(kTwoTasks)).jobs.at(0).id;
  register_worker();
  const RunId run = call<core::SubmitReply>(core::SubmitRun{.job = job}).run;
  const auto start_order = take_start();
  const std::uint64_t epoch = epoch_;
  stop();
  start();
  EXPECT_EQ(epoch_, epoch + 1);
  const auto reply = register_worker({{.attempt = start_order.spec.attempt,
                                       .fence = start_order.spec.fence,
                                       .state = core::HeldAttempt::State::kRunning}});
  EXPECT_EQ(reply.adopt.size(), 1U);
  EXPECT_TRUE(take_starts().empty());
  finish(start_order, 1);
  EXPECT_EQ(stored_run(run).state, core::RunState::kFailed);
}

TEST_F(EngineTest, ACommandSeesWhatEarlierOnesOfItsBatchWrote) {
  const JobId job = call<core::DeployReply>(deployment(kOneTask)).jobs.at(0).id;
  std::vector<std::future<RunId>> answers;
  for (int i = 0; i < 50; ++i) {
    auto promise = std::make_shared<std::promise<RunId>>();
    answers.push_back(promise->get_future());
    engine_->post(core::SubmitRun{.job = job, .receipt_key = "hook/1/drift/x"},
                  [promise](const Outcome& outcome) {
                    promise->set_value(std::get<core::SubmitReply>(*outcome).run);
                  });
  }
  const RunId first = answers.front().get();
  for (std::size_t i = 1; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].get(), first);
  }
  EXPECT_EQ(store_->read()->runs({.limit = 100})->size(), 1U);
}

TEST_F(EngineTest, ManyThreadsMaySubmitAtOnce) {
  const JobId job = call<core::DeployReply>(deployment(kOneTask)).jobs.at(0).id;
  std::atomic<int> accepted = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, job, &accepted] {
      for (int k = 0; k < 25; ++k) {
        accepted += engine_->call(core::SubmitRun{.job = job}).has_value() ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(accepted.load(), 100);
  EXPECT_EQ(store_->read()->runs({.limit = 1'000})->size(), 100U);
}

TEST_F(EngineTest, AStoppedEngineRefusesAndCallsBack) {
  engine_->stop();
  const Outcome outcome = engine_->call(core::AdvanceTime{});
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kUnavailable);
}

TEST_F(EngineTest, ADeadlineFiresWithoutAnyCommand) {
  const JobId job =
      call<core::DeployReply>(deployment(R"({"name": "j", "timeout_seconds": 1, "tasks": [
                            {"task_key": "t", "command_task": {"command": ["sleep", "9"]}}]})"))
          .jobs.at(0)
          .id;
  const RunId run = call<core::SubmitReply>(core::SubmitRun{.job = job}).run;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!is_terminal(stored_run(run).state) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(stored_run(run).state, core::RunState::kTimedOut);
}

}  // namespace
}  // namespace sheaf::engine
