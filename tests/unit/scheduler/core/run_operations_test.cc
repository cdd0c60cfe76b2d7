#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

tests::JobBuilder a_chain() {
  return a_job("j")
      .task(a_task("a"))
      .task(a_task("b").after("a"))
      .task(a_task("c").after("b"))
      .task(a_task("d").after("b"));
}

RunId submit_only(CoreWorld& world, JobId job, std::vector<std::string> only) {
  const auto reply = world.turn(SubmitRun{.job = job, .only = std::move(only)});
  return std::get<SubmitReply>(reply.value()).run;
}

TEST(Only, RunsTheSelectedTaskWhateverStandsBeforeIt) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = submit_only(world, world.deploy(a_chain()), {"b"});
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kDisabled);
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kLeased);
  world.finish(run, "b", 1);
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kDisabled);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
}

TEST(Only, TakesWhatStandsBeforeOrBehindWithAPlus) {
  struct Row {
    std::vector<std::string> only;
    std::string selected;
  };
  for (const Row& row : {Row{{"+b"}, "ab"},
                         Row{{"a+"}, "abcd"},
                         Row{{"b+"}, "bcd"},
                         Row{{"+c+"}, "abc"},
                         Row{{"a", "d"}, "ad"},
                         Row{{"+b+"}, "abcd"}}) {
    CoreWorld world;
    const RunId run = submit_only(world, world.deploy(a_chain()), row.only);
    world.register_worker("w", 4);
    std::string ran;
    for (const std::string task : {"a", "b", "c", "d"}) {
      if (world.state_of(run, task) == TaskState::kLeased) {
        world.finish(run, task);
        ran += task;
      }
    }
    EXPECT_EQ(ran, row.selected);
    EXPECT_EQ(world.run(run).state, RunState::kSucceeded) << row.selected;
  }
}

TEST(Only, RefusesATaskThatTheJobDoesNotHave) {
  CoreWorld world;
  const JobId job = world.deploy(a_chain());
  EXPECT_EQ(world.turn(SubmitRun{.job = job, .only = {"x"}}).error().code, ErrorCode::kInvalid);
}

TEST(CancelTask, StopsOneTaskAndLetsFailureHandlersRun) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("next").after("a"))
                       .task(a_task("handle").after("a").run_if(model::RunIf::kAtLeastOneFailed))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = world.row_of(run, "a").attempt}));
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kStopping);
  world.finish(run, "a", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kCancelled);
  EXPECT_EQ(world.state_of(run, "next"), TaskState::kUpstreamCancelled);
  EXPECT_EQ(world.state_of(run, "handle"), TaskState::kLeased);
}

TEST(CancelTask, EndsATaskThatHasNotBegun) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("a"))));
  ASSERT_EQ(world.state_of(run, "a"), TaskState::kReady);
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = world.row_of(run, "a").attempt}));
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kCancelled);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(CancelAll, EndsTheRunsOfAJob) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("a")));
  const RunId running = world.submit(job);
  const RunId queued = world.submit(job);
  ASSERT_TRUE(world.turn(CancelAllRuns{.job = job, .which = CancelAllRuns::Which::kQueued}));
  EXPECT_EQ(world.run(queued).state, RunState::kCancelled);
  EXPECT_EQ(world.run(running).state, RunState::kRunning);
  ASSERT_TRUE(world.turn(CancelAllRuns{.job = job}));
  EXPECT_EQ(world.run(running).state, RunState::kCancelled);
}

TEST(DeleteRun, ForgetsAFinishedRunAndRefusesItsToken) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").task(a_task("a")));
  const SubmitRun command{.job = job, .receipt_key = "token/x", .idempotency_token = "x"};
  const RunId run = std::get<SubmitReply>(world.turn(command).value()).run;
  EXPECT_EQ(world.turn(DeleteRun{.run = run}).error().code, ErrorCode::kConflict);
  world.finish(run, "a");
  ASSERT_TRUE(world.turn(DeleteRun{.run = run}).has_value());
  EXPECT_EQ(world.turn(DeleteRun{.run = run}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(world.turn(command).error().code, ErrorCode::kConflict);
}

TEST(SubmitOnce, RunsADocumentWithoutAJob) {
  CoreWorld world;
  world.register_worker("w", 1);
  const auto settings =
      std::make_shared<const model::JobSettings>(a_job("once").task(a_task("a")).build());
  const SubmitOnce command{.settings_digest = "d",
                           .settings_json = "{}",
                           .settings = settings,
                           .receipt_key = "token/once",
                           .idempotency_token = "once"};
  const RunId run = std::get<SubmitReply>(world.turn(command).value()).run;
  const auto is_document = [](const Event& event) {
    const auto* recorded = std::get_if<SettingsRecorded>(&event);
    return recorded != nullptr && recorded->digest == "d" && recorded->json == "{}";
  };
  EXPECT_EQ(std::ranges::count_if(world.events, is_document), 1);
  EXPECT_EQ(std::get<SubmitReply>(world.turn(command).value()).run, run);
  EXPECT_EQ(world.run(run).type, RunType::kSubmitted);
  world.finish(run, "a", 1);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}).has_value());
  world.finish(run, "a");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Backoff, WaitsARandomShareOfAGrowingPause) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(
      a_task("a").retries(-1).backoff(std::chrono::seconds(1), std::chrono::seconds(8)))));
  for (const int ceiling_s : {1, 2, 4, 8, 8}) {
    world.finish(run, "a", 1);
    const core::TaskRow row = world.row_of(run, "a");
    if (row.state == TaskState::kWaitingRetry) {
      EXPECT_LE(row.deadline, world.now + std::chrono::seconds(ceiling_s));
    }
    world.pass(std::chrono::seconds(ceiling_s));
    ASSERT_EQ(world.state_of(run, "a"), TaskState::kLeased);
  }
}

TEST(RetryFilter, RepeatsOnlyTheEndsThatItNames) {
  struct Row {
    model::RetryFilter filter;
    model::AttemptOutcome outcome;
    bool repeats;
  };
  const model::AttemptOutcome exit_3{
      .end = AttemptEnd::kExited, .exit_code = 3, .tree_empty = true};
  const model::AttemptOutcome killed{
      .end = AttemptEnd::kSignalled, .signal = 9, .tree_empty = true};
  const model::AttemptOutcome no_memory{
      .end = AttemptEnd::kSignalled, .signal = 9, .tree_empty = true, .out_of_memory = true};
  const model::AttemptOutcome timed_out{.end = AttemptEnd::kTimedOut, .tree_empty = true};
  for (const Row& row : {Row{{}, exit_3, true},
                         Row{{.exit_codes = {3}}, exit_3, true},
                         Row{{.exit_codes = {4}}, exit_3, false},
                         Row{{.exit_codes = {137}}, killed, true},
                         Row{{.exit_codes = {137}}, no_memory, false},
                         Row{{.on_out_of_memory = true}, no_memory, true},
                         Row{{.on_timeout = true}, timed_out, true},
                         Row{{.on_lost = true}, timed_out, false}}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = world.submit(world.deploy(
        a_job("j").task(a_task("a").retries(1).retry_on_timeout().retry_only_on(row.filter))));
    world.finish(run, "a", row.outcome);
    EXPECT_EQ(world.state_of(run, "a") == TaskState::kLeased, row.repeats);
  }
}

TEST(RetryFilter, LetsLostAttemptsBeRepeatedOnlyWhereItNamesThem) {
  for (const bool is_named : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = world.submit(world.deploy(a_job("j").task(
        a_task("a").retries(1).retry_only_on({.exit_codes = {3}, .on_lost = is_named}))));
    world.finish(run, "a", {.end = AttemptEnd::kLost, .tree_empty = true});
    EXPECT_EQ(world.state_of(run, "a"), is_named ? TaskState::kLeased : TaskState::kInternalError);
  }
}

TEST(RetryFilter, NamesNothingThatCouldNotBePrepared) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("a").retries(1).retry_only_on({.on_timeout = true}))));
  world.finish(run, "a", {.end = AttemptEnd::kNotStarted, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kInternalError);
}

TEST(RetryFilter, CountsATimeoutThatTheSchedulerEnforced) {
  for (const bool is_named : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = world.submit(world.deploy(
        a_job("j").task(a_task("a")
                            .timeout(std::chrono::seconds(5))
                            .retries(1)
                            .retry_on_timeout()
                            .retry_only_on({.exit_codes = {3}, .on_timeout = is_named}))));
    world.start(run, "a");
    world.pass(std::chrono::seconds(35));
    ASSERT_EQ(world.state_of(run, "a"), TaskState::kStopping);
    world.finish(run, "a", {.end = AttemptEnd::kCancelled, .tree_empty = true});
    EXPECT_EQ(world.state_of(run, "a"), is_named ? TaskState::kLeased : TaskState::kTimedOut);
  }
}

TEST(Only, AKeyThatTwoWaysLeadToIsTakenOnce) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = submit_only(world,
                                world.deploy(a_job("j")
                                                 .task(a_task("a"))
                                                 .task(a_task("b").after("a"))
                                                 .task(a_task("c").after("a"))
                                                 .task(a_task("d").after("b").after("c"))
                                                 .task(a_task("e").after("d"))),
                                {"+d"});
  for (const char* task : {"a", "b", "c", "d"}) {
    world.finish(run, task);
  }
  EXPECT_EQ(world.state_of(run, "e"), TaskState::kDisabled);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Only, ARepairMayMeetSettingsThatNoLongerHaveTheTask) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = submit_only(world, world.deploy(a_chain()), {"a", "d"});
  world.finish(run, "a", 1);
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(run, "d", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a")));
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"a"}}).has_value());
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kDisabled);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Backoff, OfAMillisecondWaitsOneOrNone) {
  CoreWorld world;
  world.register_worker("w", 1);
  const Milliseconds unit{1};
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a").retries(-1).backoff(unit, unit))));
  int waits = 0;
  for (int i = 0; i < 40; ++i) {
    world.finish(run, "a", 1);
    waits += world.state_of(run, "a") == TaskState::kWaitingRetry ? 1 : 0;
    world.pass(unit);
    ASSERT_EQ(world.state_of(run, "a"), TaskState::kLeased);
  }
  EXPECT_GT(waits, 0);
  EXPECT_LT(waits, 40);
}

}  // namespace
}  // namespace sheaf::core
