// For-each and run-job tasks that stop, end or are tried again.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::count_events;
using tests::last_run_of;

const model::AttemptOutcome kGone{.end = AttemptEnd::kCancelled, .tree_empty = true};

TEST(ForEach, AnEmptyListPlansNothing) {
  CoreWorld world;
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("loop").for_each("[]", a_task("each")))));
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kSucceeded);
  EXPECT_TRUE(world.run(run).blocks.empty());
}

TEST(ForEach, ATimeoutOfOneSecondIsOne) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("loop").timeout(seconds(1)).for_each("[1]", a_task("each")))));
  world.pass(seconds(1));
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kTimedOut);
}

TEST(ForEach, EndsWithItsRunThoughOneIterationOnlyWaits) {
  CoreWorld world;
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("loop").for_each("[1]", a_task("each")))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}));
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(ForEach, IsGivenUpOnce) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each("[1, 2, 3]", a_task("each"), 3))));
  world.start_iteration(run, "loop", 0);
  world.start_iteration(run, "loop", 1);
  ASSERT_TRUE(world.turn(CancelRun{.run = run}));
  world.finish_iteration(run, "loop", 0, 143);
  world.finish_iteration(run, "loop", 1, 143);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
  EXPECT_EQ(count_events<IterationsAbandoned>(world, run), 1U);
}

TEST(ForEach, ItsTimeoutStopsAnIterationThatHasNotStartedYet) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("loop").timeout(seconds(9)).for_each("[1]", a_task("each")))));
  ASSERT_EQ(world.iterations_of(run, "loop"), std::vector{TaskState::kLeased});
  world.pass(seconds(9));
  EXPECT_EQ(world.iterations_of(run, "loop"), std::vector{TaskState::kStopping});
  EXPECT_EQ(world.take_stops().size(), 1U);
}

TEST(ForEach, TimesOutWithItsRun) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").timeout(seconds(9)).task(a_task("loop").for_each("[1]", a_task("each")))));
  world.pass(seconds(9));
  world.finish_iteration(run, "loop", 0, 143);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kTimedOut);
}

/// A task that starts runs of "child", and its job.
struct Caller {
  CoreWorld world;
  JobId child;
  RunId run;

  explicit Caller(const tests::JobBuilder& parent) {
    world.register_worker("w", 4);
    const auto jobs =
        world.deploy_all({parent, a_job("child").concurrent(2).task(a_task("c").retries(0))});
    child = jobs[1];
    run = world.submit(jobs[0]);
  }
  RunId started() const { return last_run_of(world, child); }
};

TEST(RunJob, SaysNothingOfARunThatSucceeded) {
  Caller caller(a_job("parent").task(a_task("call").starts("child")));
  caller.world.finish(caller.started(), "c");
  EXPECT_EQ(caller.world.details_of(caller.run, "call").message, "");
}

TEST(RunJob, ARepeatIsNoLossAndWaitsItsInterval) {
  for (const bool by_timeout : {false, true}) {
    auto call = a_task("call").starts("child").retries(1).retry_interval(seconds(100));
    if (by_timeout) {
      call.timeout(seconds(10)).retry_on_timeout();
    }
    Caller caller(a_job("parent").task(call));
    CoreWorld& world = caller.world;
    const Timestamp begun = world.now;
    if (by_timeout) {
      world.pass(seconds(10));
      world.finish(caller.started(), "c", kGone);
    } else {
      world.finish(caller.started(), "c", 1);
    }
    const TaskRow row = world.row_of(caller.run, "call");
    EXPECT_EQ(row.state, TaskState::kWaitingRetry);
    EXPECT_EQ(row.lost_attempts, 0U);
    EXPECT_EQ(row.deadline, begun + seconds(100));
  }
}

TEST(RunJob, ATaskWhoseJobWentBeforeItsRepeatNamesNoRun) {
  Caller caller(a_job("parent").task(a_task("call").starts("child").retries(1)));
  CoreWorld& world = caller.world;
  world.finish(caller.started(), "c", 1);
  ASSERT_TRUE(world.details_of(caller.run, "call").child.is_valid());
  world.deploy_all({a_job("parent").task(a_task("call"))});
  world.pass(limits::kRunJobRetryPause);
  EXPECT_EQ(world.state_of(caller.run, "call"), TaskState::kFailed);
  EXPECT_FALSE(world.details_of(caller.run, "call").child.is_valid());
}

TEST(RunJob, AStopLeavesARepairOfARunThatHadEnded) {
  const auto call = a_task("call").starts("child");
  struct Case {
    const char* name;
    tests::TaskBuilder task;
    bool cancels_run;
  };
  const Case cases[] = {
      {"a task", call, true},
      {"an iteration", a_task("loop").for_each("[1, 2]", call, 2), false},
  };
  for (const Case& row : cases) {
    Caller caller(a_job("parent").task(row.task).task(a_task("other")));
    CoreWorld& world = caller.world;
    const RunId started = caller.started();
    world.finish(started, "c", 1);
    ASSERT_TRUE(world.turn(RepairRun{.run = started, .all_failed = true})) << row.name;
    ASSERT_EQ(world.run(started).state, RunState::kRunning) << row.name;
    CancelRun stop{.run = caller.run};
    if (!row.cancels_run) {
      stop.attempt = world.row_of(caller.run, "loop").attempt;
    }
    ASSERT_TRUE(world.turn(stop)) << row.name;
    EXPECT_EQ(world.run(started).state, RunState::kRunning) << row.name;
  }
}

TEST(RunJob, AnIterationThatItsForEachTaskStopsSaysSo) {
  Caller caller(a_job("parent").task(
      a_task("loop").timeout(seconds(9)).for_each("[1]", a_task("call").starts("child"))));
  CoreWorld& world = caller.world;
  world.pass(seconds(9));
  world.finish(caller.started(), "c", kGone);
  EXPECT_EQ(world.stored_runs().at(caller.run).details.at(1).message,
            "Its run was stopped with it.");
}

TEST(RunJob, AnIterationIsNotRepeatedForItsTimeoutOnceItsForEachTaskHasTimedOut) {
  const auto call =
      a_task("call").starts("child").timeout(seconds(5)).retries(1).retry_on_timeout();
  Caller caller(a_job("parent").task(a_task("loop").timeout(seconds(9)).for_each("[1]", call)));
  CoreWorld& world = caller.world;
  world.pass(seconds(5));
  world.pass(seconds(4));
  world.finish(caller.started(), "c", kGone);
  EXPECT_EQ(world.iterations_of(caller.run, "loop"), std::vector{TaskState::kTimedOut});
  EXPECT_EQ(world.state_of(caller.run, "loop"), TaskState::kTimedOut);
}

}  // namespace
}  // namespace sheaf::core
