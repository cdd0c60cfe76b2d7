// What a run comes to, from what its tasks came to.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::ConditionOperator;
using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::JobBuilder;

struct ResultCase {
  const char* name;
  JobBuilder job;
  /// How tasks end, in this order.
  std::vector<std::pair<std::string, TaskState>> ends;
  RunState expected;
};

std::vector<ResultCase> result_cases() {
  using enum TaskState;
  const JobBuilder two = a_job("j").task(a_task("a")).task(a_task("b"));
  const JobBuilder chain = a_job("j").task(a_task("a")).task(a_task("b").after("a"));
  const JobBuilder handled =
      a_job("j").task(a_task("a")).task(a_task("h").after("a").run_if(RunIf::kAtLeastOneFailed));
  const JobBuilder cleaned = a_job("j")
                                 .task(a_task("a"))
                                 .task(a_task("b").after("a"))
                                 .task(a_task("clean").after("b").run_if(RunIf::kAllDone));
  const JobBuilder branch =
      a_job("j")
          .task(a_task("a"))
          .task(a_task("c").after("a").condition("1", ConditionOperator::kEqualTo, "2"))
          .task(a_task("b").after("c", true));
  return {
      {"all succeed", two, {{"a", kSucceeded}, {"b", kSucceeded}}, RunState::kSucceeded},
      {"a leaf fails", two, {{"a", kSucceeded}, {"b", kFailed}}, RunState::kFailed},
      {"a leaf times out", two, {{"a", kSucceeded}, {"b", kTimedOut}}, RunState::kFailed},
      {"a leaf cannot start", two, {{"a", kSucceeded}, {"b", kInternalError}}, RunState::kFailed},
      {"a leaf's upstream fails", chain, {{"a", kFailed}}, RunState::kFailed},
      {"a leaf's upstream is cancelled", chain, {{"a", kCancelled}}, RunState::kCancelled},
      {"a leaf is excluded", branch, {{"a", kSucceeded}}, RunState::kSucceeded},
      {"a handler is not needed", handled, {{"a", kSucceeded}}, RunState::kSucceeded},
      {"a failure is handled",
       handled,
       {{"a", kFailed}, {"h", kSucceeded}},
       RunState::kSucceededWithFailures},
      {"a cancel is handled",
       handled,
       {{"a", kCancelled}, {"h", kSucceeded}},
       RunState::kSucceededWithFailures},
      {"a handler fails", handled, {{"a", kFailed}, {"h", kFailed}}, RunState::kFailed},
      {"the only leaf cleans up",
       cleaned,
       {{"a", kFailed}, {"clean", kSucceeded}},
       RunState::kSucceededWithFailures},
      {"only a leaf is cancelled",
       two,
       {{"a", kSucceeded}, {"b", kCancelled}},
       RunState::kCancelled},
      {"one leaf is cancelled and one fails",
       two,
       {{"a", kCancelled}, {"b", kFailed}},
       RunState::kFailed},
      {"a handled failure and a cancelled leaf",
       a_job("j")
           .task(a_task("a"))
           .task(a_task("h").after("a").run_if(RunIf::kAllDone))
           .task(a_task("b")),
       {{"a", kFailed}, {"h", kSucceeded}, {"b", kCancelled}},
       RunState::kFailed},
  };
}

TEST(RunResult, IsThatOfItsLeaves) {
  for (const ResultCase& row : result_cases()) {
    SCOPED_TRACE(row.name);
    CoreWorld world;
    world.register_worker("w", 8);
    const RunId run = world.submit(world.deploy(row.job));
    for (const auto& [task, state] : row.ends) {
      ASSERT_FALSE(is_terminal(world.run(run).state));
      world.end_as(run, task, state);
    }
    EXPECT_EQ(world.run(run).state, row.expected);
  }
}

TEST(RunResult, NamesTheLeafThatFailedBeforeAFailureThatWasHandled) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("a"))
                                    .task(a_task("h").after("a").run_if(RunIf::kAllDone))
                                    .task(a_task("b"))));
  world.finish(run, "a", 3);
  world.finish(run, "h");
  world.finish(run, "b", 4);
  EXPECT_EQ(
      world.run(run).message,
      "Task b failed with message: Workload failed with exit status 4, see run output for details");
}

/// A run that is stopped while "a" runs: nothing further starts, be it a failure handler or not.
void expect_nothing_runs_after(CoreWorld& world, RunId run, RunState expected) {
  EXPECT_EQ(world.run(run).state, RunState::kStopping);
  EXPECT_EQ(world.state_of(run, "h"), TaskState::kCancelled);
  EXPECT_EQ(world.state_of(run, "clean"), TaskState::kCancelled);
  static_cast<void>(world.take_starts());
  world.finish(run, "a", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_TRUE(world.take_starts().empty());
  EXPECT_EQ(world.run(run).state, expected);
}

JobBuilder with_handlers() {
  return a_job("j")
      .timeout(std::chrono::seconds(60))
      .task(a_task("a").retries(3))
      .task(a_task("h").after("a").run_if(RunIf::kAtLeastOneFailed))
      .task(a_task("clean").after("a").run_if(RunIf::kAllDone));
}

TEST(RunResult, ACancelledRunRunsNoFailureHandlers) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(with_handlers()));
  world.start(run, "a");
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  expect_nothing_runs_after(world, run, RunState::kCancelled);
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kCancelled);
}

TEST(RunResult, ARunThatTimedOutRunsNoFailureHandlers) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(with_handlers()));
  world.start(run, "a");
  world.pass(std::chrono::seconds(60));
  expect_nothing_runs_after(world, run, RunState::kTimedOut);
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kTimedOut);
}

TEST(RunResult, ARunThatIsStoppedIsCancelledThoughItsLastTaskSucceeds) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("a"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kSucceeded);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(RunResult, NamesTheFirstOfSeveralLeavesThatFailed) {
  CoreWorld world;
  world.register_worker("w", 3);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("handled"))
                       .task(a_task("handler").after("handled").run_if(model::RunIf::kAllDone))
                       .task(a_task("first"))
                       .task(a_task("second"))));
  for (const char* task : {"handled", "second", "first"}) {
    world.finish(run, task, 1);
  }
  world.finish(run, "handler");
  EXPECT_TRUE(world.run(run).message.starts_with("Task first failed")) << world.run(run).message;
}

TEST(RunResult, IsAFailureThoughALaterOneWasHandled) {
  CoreWorld world;
  world.register_worker("w", 3);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("leaf"))
                                    .task(a_task("handled"))
                                    .task(a_task("h").after("handled").run_if(RunIf::kAllDone))));
  world.finish(run, "leaf", 1);
  world.finish(run, "handled", 1);
  world.finish(run, "h");
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
}

TEST(RunResult, NamesTheFirstTaskThatFailedItselfAndNoneThatNeverRan) {
  for (const TaskState end : {TaskState::kFailed, TaskState::kCancelled}) {
    CoreWorld world;
    world.register_worker("w", 3);
    const RunId run =
        world.submit(world.deploy(a_job("j")
                                      .task(a_task("first"))
                                      .task(a_task("second"))
                                      .task(a_task("x").after("first").after("second"))));
    world.end_as(run, "first", end);
    world.end_as(run, "second", end);
    EXPECT_TRUE(world.run(run).message.starts_with("Task first failed")) << world.run(run).message;
  }
}

}  // namespace
}  // namespace sheaf::core
