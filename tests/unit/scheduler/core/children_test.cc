// Run-job tasks at their edges: how every end of the other run counts, what it is handed, and what
// stops it.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::last_run_of;

const model::AttemptOutcome kGone{.end = AttemptEnd::kCancelled, .tree_empty = true};

/// A run whose task "call" waits for a run of `child`.
class ParentWorld : public CoreWorld {
 public:
  explicit ParentWorld(const tests::JobBuilder& child_job,
                       const tests::TaskBuilder& call = a_task("call").starts("child")) {
    register_worker("w", 4);
    const auto jobs = deploy_all({a_job("parent").parameter("own", "1").task(call), child_job});
    parent = submit(jobs[0]);
    child_id = jobs[1];
    child = last_run_of(*this, child_id);
  }

  RunId parent;
  RunId child;
  JobId child_id;
};

TEST(ChildRun, ThatSucceedsWithFailuresIsASuccess) {
  ParentWorld world(a_job("child")
                        .task(a_task("c"))
                        .task(a_task("mend").after("c").run_if(model::RunIf::kAllFailed)));
  world.finish(world.child, "c", 1);
  world.finish(world.child, "mend");
  ASSERT_EQ(world.run(world.child).state, RunState::kSucceededWithFailures);
  EXPECT_EQ(world.state_of(world.parent, "call"), TaskState::kSucceeded);
}

TEST(ChildRun, ThatFailsOrTimesOutFailsTheTaskAndSaysHow) {
  ParentWorld failed(a_job("child").task(a_task("c")));
  failed.finish(failed.child, "c", 3);
  EXPECT_EQ(failed.details_of(failed.parent, "call").message,
            "Run " + to_string(failed.child) +
                " ended as FAILED: Task c failed with message: Workload failed with exit status "
                "3, see run output for details");
  ParentWorld late(a_job("child").timeout(seconds(9)).task(a_task("c")));
  late.pass(seconds(9));
  late.finish(late.child, "c", kGone);
  EXPECT_EQ(late.state_of(late.parent, "call"), TaskState::kFailed);
  EXPECT_EQ(late.details_of(late.parent, "call").message,
            "Run " + to_string(late.child) + " ended as TIMEDOUT: Timed out after 9 s.");
}

TEST(ChildRun, ThatAUserCancelsCancelsTheTask) {
  ParentWorld world(a_job("child").task(a_task("c")));
  ASSERT_TRUE(world.turn(CancelRun{.run = world.child}).has_value());
  world.finish(world.child, "c", kGone);
  EXPECT_EQ(world.state_of(world.parent, "call"), TaskState::kCancelled);
  EXPECT_EQ(world.run(world.parent).state, RunState::kCancelled);
}

TEST(ChildRun, WithoutAMessageIsNamedByItsEndAlone) {
  ParentWorld world(a_job("child").task(a_task("c")));
  const Settle command{
      .work = {.ended_children = {
                   {{world.parent, 0}, {.run = world.child, .state = RunState::kFailed}}}}};
  const auto step = decide(world.state, {}, command, world.now, 99);
  EXPECT_EQ(std::get<TaskFinished>(step->events.at(0)).message,
            "Run " + to_string(world.child) + " ended as FAILED");
}

class UnfinishedChild : public testing::TestWithParam<RunState> {};

TEST_P(UnfinishedChild, IsNoSuccess) {
  ParentWorld world(a_job("child").task(a_task("c")));
  const Settle command{
      .work = {.ended_children = {{{world.parent, 0}, {.run = world.child, .state = GetParam()}}}}};
  const auto step = decide(world.state, {}, command, world.now, 99);
  EXPECT_EQ(std::get<TaskFinished>(step->events.at(0)).state, TaskState::kFailed);
}

INSTANTIATE_TEST_SUITE_P(States,
                         UnfinishedChild,
                         testing::Values(RunState::kQueued,
                                         RunState::kRunning,
                                         RunState::kStopping,
                                         RunState::kSkipped));

TEST(ChildRun, TakesWhatTheTaskNamesBeforeWhatTheParentHas) {
  ParentWorld world(a_job("child").parameter("own", "0").parameter("kept", "5").task(a_task("c")),
                    a_task("call").starts("child", {{"own", "2"}}));
  EXPECT_EQ(world.run(world.child).parameters, (model::NamedStrings{{"own", "2"}, {"kept", "5"}}));
  EXPECT_EQ(world.run(world.child).overrides, (model::NamedStrings{{"own", "2"}}));
}

TEST(ChildRun, IsNotStartedWhereItsParametersCannotBeFilledIn) {
  ParentWorld named(a_job("child").task(a_task("c")),
                    a_task("call").starts("child", {{"x", "{{tasks.call.values.y}}"}}));
  EXPECT_FALSE(named.child.is_valid());
  EXPECT_EQ(named.details_of(named.parent, "call").message, "task \"call\" has set no value \"y\"");
  CoreWorld world;
  const auto jobs = world.deploy_all(
      {a_job("parent").parameter("p", "{{task.name}}").task(a_task("call").starts("child")),
       a_job("child").parameter("p", "").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  EXPECT_EQ(world.details_of(run, "call").message, "a default may hold references to the run only");
}

TEST(ChildRun, OfAKeyThatTheDeploymentHasNoLongerIsNotStarted) {
  ParentWorld world(a_job("child").task(a_task("c")));
  world.state.find_run(world.parent)->record.links.clear();
  world.state.unsettled.wanting_facts.insert({world.parent, 0});
  const auto commands = take_follow_ups(world.state);
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_FALSE(std::get<StartChildRun>(commands[0]).job.is_valid());
  EXPECT_FALSE(reads(commands[0]).job.has_value());
  const auto step = decide(world.state, {}, commands[0], world.now, 99);
  EXPECT_EQ(std::get<TaskFinished>(step->events.at(0)).message,
            "The deployment has no such job any more.");
}

TEST(ChildRun, IsTheOneThatItsKeyMeansAmongSeveral) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("a").starts("first")).task(a_task("b").starts("second")),
       a_job("first").task(a_task("c")),
       a_job("second").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  EXPECT_EQ(world.details_of(run, "a").child, last_run_of(world, jobs[1]));
  EXPECT_EQ(world.details_of(run, "b").child, last_run_of(world, jobs[2]));
}

TEST(ChildRun, ThatWasStartedBeforeTellsTheTaskNothing) {
  auto call = a_task("call").starts("child").retries(1);
  ParentWorld world(a_job("child").concurrent(2).task(a_task("c")), call);
  const RunId first = world.child;
  world.finish(first, "c", 1);
  world.pass(limits::kRunJobRetryPause);
  const RunId second = last_run_of(world, world.child_id);
  ASSERT_NE(second, first);
  ASSERT_TRUE(world.turn(RepairRun{.run = first, .all_failed = true}).has_value());
  world.finish(first, "c", 1);
  EXPECT_EQ(world.state_of(world.parent, "call"), TaskState::kDelegated)
      << "it waits for the second";
  world.finish(second, "c");
  EXPECT_EQ(world.state_of(world.parent, "call"), TaskState::kSucceeded);
}

TEST(ChildRun, OfAnIterationStopsWithTheTimeoutOfTheWholeTask) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(
      {a_job("parent").task(
           a_task("each")
               .timeout(seconds(10))
               .for_each("[1]", a_task("call").starts("child").retries(3).retry_on_timeout())),
       a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  world.start(child, "c");
  world.pass(seconds(10));
  ASSERT_EQ(world.run(child).state, RunState::kStopping);
  world.finish(child, "c", kGone);
  EXPECT_EQ(last_run_of(world, jobs[1]), child) << "a stopped task is not repeated";
  EXPECT_EQ(world.state_of(run, "each"), TaskState::kTimedOut);
}

TEST(ChildRun, OfAnIterationIsRepeatedAfterItsOwnTimeoutOnly) {
  for (const bool whole_task_stops : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 4);
    const auto jobs =
        world.deploy_all({a_job("parent").task(a_task("each")
                                                   .timeout(seconds(20))
                                                   .for_each("[1]",
                                                             a_task("call")
                                                                 .starts("child")
                                                                 .timeout(seconds(10))
                                                                 .retries(3)
                                                                 .retry_on_timeout())),
                          a_job("child").task(a_task("c"))});
    const RunId run = world.submit(jobs[0]);
    const RunId child = last_run_of(world, jobs[1]);
    world.start(child, "c");
    world.pass(seconds(10));
    ASSERT_EQ(world.run(child).state, RunState::kStopping);
    if (whole_task_stops) {
      world.pass(seconds(10));
    }
    world.finish(child, "c", kGone);
    world.pass(limits::kRunJobRetryPause);
    EXPECT_EQ(last_run_of(world, jobs[1]) == child, whole_task_stops);
    EXPECT_EQ(world.state_of(run, "each"),
              whole_task_stops ? TaskState::kTimedOut : TaskState::kDelegated);
  }
}

TEST(ChildRun, ThatIsOverAlreadyIsNotStoppedWithItsParent) {
  ParentWorld world(a_job("child").task(a_task("c")));
  LiveRun& live = *world.state.find_run(world.parent);
  live.details[0].child = RunId{999'999};
  const CancelRun command{.run = world.parent};
  const auto step = decide(world.state, {}, command, world.now, 99);
  ASSERT_EQ(step->events.size(), 1U);
  EXPECT_EQ(std::get<RunStopRequested>(step->events[0]).run, world.parent);
}

TEST(ChildRun, EndsWhereTheTaskNoLongerWaits) {
  ParentWorld world(a_job("child").task(a_task("c")));
  apply(world.state, TaskFinished{.run = world.parent, .task = 0, .state = TaskState::kCancelled});
  const std::size_t before = world.state.unsettled.ended_children.size();
  apply(world.state, RunFinished{.run = world.child, .state = RunState::kSucceeded});
  EXPECT_EQ(world.state.unsettled.ended_children.size(), before);
}

}  // namespace
}  // namespace sheaf::core
