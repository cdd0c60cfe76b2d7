// Cancelling: of one task in every state, of runs through their parents, of everything.
#include <gtest/gtest.h>

#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_parent_and_a_child;
using tests::a_task;
using tests::CoreWorld;
using tests::count_events;
using tests::last_run_of;

const model::AttemptOutcome kGone{.end = AttemptEnd::kCancelled, .tree_empty = true};

void cancel_task(CoreWorld& world, RunId run, const std::string& task) {
  const CancelRun command{.run = run, .attempt = world.row_of(run, task).attempt};
  ASSERT_TRUE(world.turn(command).has_value());
}

TEST(CancelTask, OfARunningAttemptStopsIt) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  cancel_task(world, run, "t");
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kStopping);
  const auto stops = world.take_stops();
  ASSERT_EQ(stops.size(), 1U);
  EXPECT_EQ(stops[0].reason, StopReason::kUserCancel);
  cancel_task(world, run, "t");
  EXPECT_TRUE(world.take_stops().empty()) << "what is being stopped is not stopped again";
}

TEST(CancelTask, OfABlockedTaskEndsItAtOnceAndWhatDependsOnItIsJudged) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
  cancel_task(world, run, "b");
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kCancelled);
  EXPECT_EQ(world.details_of(run, "b").message, "Cancelled by user.");
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kUpstreamCancelled);
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kLeased);
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kCancelled);
}

class CancelFinished : public testing::TestWithParam<TaskState> {};

TEST_P(CancelFinished, ChangesNothing) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t")).task(a_task("goes on"))));
  const TaskIndex task = 0;
  LiveRun& live = *world.state.find_run(run);
  apply(world.state, TaskFinished{.run = run, .task = task, .state = GetParam(), .at = world.now});
  const CancelRun command{.run = run, .attempt = live.tasks.attempt[task]};
  const auto step = decide(world.state, {}, command, world.now, 9);
  ASSERT_TRUE(step.has_value());
  EXPECT_TRUE(step->events.empty());
  EXPECT_TRUE(step->effects.empty());
}

INSTANTIATE_TEST_SUITE_P(States,
                         CancelFinished,
                         testing::Values(TaskState::kSucceeded,
                                         TaskState::kFailed,
                                         TaskState::kTimedOut,
                                         TaskState::kCancelled,
                                         TaskState::kExcluded,
                                         TaskState::kUpstreamFailed,
                                         TaskState::kUpstreamCancelled,
                                         TaskState::kDisabled,
                                         TaskState::kInternalError));

TEST(CancelTask, ThatTheRunDoesNotHaveOrOfARunThatStopsChangesNothing) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t")).task(a_task("waits"))));
  const std::size_t before = world.events.size();
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = AttemptId{999}}).has_value());
  EXPECT_EQ(world.events.size(), before);
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  const std::size_t stopping = world.events.size();
  cancel_task(world, run, "t");
  EXPECT_EQ(world.events.size(), stopping);
}

TEST(CancelTask, OfARunJobTaskStopsItsRunWithTheReason) {
  CoreWorld world;
  world.register_worker("w", 2);
  const auto jobs =
      world.deploy_all({a_job("parent")
                            .task(a_task("call").starts("child"))
                            .task(a_task("other").after("call").run_if(model::RunIf::kAllDone)),
                        a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  cancel_task(world, run, "call");
  EXPECT_EQ(world.run(child).state, RunState::kStopping);
  EXPECT_EQ(world.run(child).message, "Stopped with the run that started it.");
  world.finish(child, "c", kGone);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kCancelled);
  EXPECT_EQ(world.details_of(run, "call").message, "Its run was stopped with it.");
  EXPECT_EQ(world.state_of(run, "other"), TaskState::kLeased) << "its run goes on";
}

TEST(CancelTask, OfARunJobTaskEndsItsRunThatIsQueued) {
  CoreWorld world;
  world.register_worker("w", 2);
  const auto jobs = world.deploy_all(a_parent_and_a_child());
  const RunId ahead = world.submit(jobs[1]);
  const RunId run = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  ASSERT_EQ(world.run(child).state, RunState::kQueued);
  cancel_task(world, run, "call");
  EXPECT_EQ(world.run(child).state, RunState::kCancelled);
  EXPECT_EQ(world.run(child).message, "Stopped with the run that started it.");
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
  EXPECT_EQ(world.run(ahead).state, RunState::kRunning);
}

TEST(CancelTask, OfAForEachTaskWhoseIterationsStartRunsStopsThoseToo) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("each").for_each("[1, 2]", a_task("call").starts("child"), 2)),
       a_job("child").concurrent(2).task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  const RunId second = last_run_of(world, jobs[1]);
  const RunId first{world.stored_runs().find(second) == world.stored_runs().begin()
                        ? RunId{}
                        : std::prev(world.stored_runs().find(second))->first};
  cancel_task(world, run, "each");
  for (const RunId child : {first, second}) {
    ASSERT_EQ(world.run(child).state, RunState::kStopping);
    world.finish(child, "c", kGone);
  }
  EXPECT_EQ(world.iterations_of(run, "each"),
            (std::vector<TaskState>{TaskState::kCancelled, TaskState::kCancelled}));
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(CancelRun, ThatNeverWasIsNotFound) {
  CoreWorld world;
  const auto refused = world.turn(CancelRun{.run = RunId{42}});
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(refused.error().message, "Run 42 does not exist.");
}

TEST(CancelAll, OfOneJobLeavesTheOthers) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs =
      world.deploy_all({a_job("one").task(a_task("t")), a_job("other").task(a_task("t"))});
  const RunId one = world.submit(jobs[0]);
  const RunId other = world.submit(jobs[1]);
  ASSERT_TRUE(world.turn(CancelAllRuns{.job = jobs[0]}).has_value());
  EXPECT_EQ(world.run(one).state, RunState::kStopping);
  EXPECT_EQ(world.run(other).state, RunState::kRunning);
}

TEST(CancelAll, OfEveryJobTellsARunThatAnotherStartedOnce) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(a_parent_and_a_child());
  const RunId parent = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  ASSERT_TRUE(world.turn(CancelAllRuns{}).has_value());
  EXPECT_EQ(count_events<RunStopRequested>(world, child), 1U);
  EXPECT_EQ(world.take_stops().size(), 1U);
  world.finish(child, "c", kGone);
  EXPECT_EQ(world.run(child).state, RunState::kCancelled);
  EXPECT_EQ(world.run(parent).state, RunState::kCancelled);
}

TEST(CancelAll, OfEveryJobEndsARepairedRunWhoseParentIsOver) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(a_parent_and_a_child());
  const RunId parent = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  world.finish(child, "c", 1);
  ASSERT_EQ(world.run(parent).state, RunState::kFailed);
  ASSERT_TRUE(world.turn(RepairRun{.run = child, .all_failed = true}).has_value());
  ASSERT_EQ(world.run(child).state, RunState::kRunning);
  ASSERT_TRUE(world.turn(CancelAllRuns{}).has_value());
  EXPECT_EQ(world.run(child).state, RunState::kStopping);
}

TEST(DeleteRun, ThatNeverWasIsNotFound) {
  CoreWorld world;
  EXPECT_EQ(world.turn(DeleteRun{.run = RunId{42}}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sheaf::core
