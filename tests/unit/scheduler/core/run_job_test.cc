#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::last_run_of;

struct Family {
  CoreWorld world;
  JobId parent;
  JobId child;

  explicit Family(tests::JobBuilder child_job = a_job("child").task(a_task("c")),
                  model::NamedStrings parameters = {}) {
    world.register_worker("w", 4);
    const auto jobs =
        world.deploy_all({a_job("parent")
                              .parameter("region", "eu")
                              .parameter("year", "{{job.start_time.year}}")
                              .task(a_task("call").starts("child", std::move(parameters))),
                          child_job});
    parent = jobs[0];
    child = jobs[1];
  }
};

TEST(RunJob, StartsARunOfTheOtherJobAndEndsAsItDoes) {
  Family family;
  CoreWorld& world = family.world;
  const RunId run = world.submit(family.parent);
  const RunId child = last_run_of(world, family.child);
  ASSERT_TRUE(child.is_valid());
  EXPECT_EQ(world.run(child).trigger.kind, TriggerKind::kRunJob);
  EXPECT_EQ(world.run(child).trigger.parent, (TaskRef{run, 0}));
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kDelegated);
  EXPECT_EQ(world.details_of(run, "call").child, child);
  world.finish(child, "c");
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kSucceeded);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RunJob, FailsWhenTheOtherRunDoes) {
  Family family;
  CoreWorld& world = family.world;
  const RunId run = world.submit(family.parent);
  world.finish(last_run_of(world, family.child), "c", 1);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kFailed);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
}

TEST(RunJob, HandsItsParametersDownByNameAndItsOwnBeforeThem) {
  Family family(
      a_job("child").parameter("region", "us").parameter("reason", "none").task(a_task("c")),
      {{"reason", "asked by {{job.run_id}}"}, {"extra", "1"}});
  CoreWorld& world = family.world;
  const RunId run = world.submit(family.parent);
  const auto parameters = world.run(last_run_of(world, family.child)).parameters;
  EXPECT_EQ(parameters,
            (model::NamedStrings{
                {"region", "eu"}, {"reason", "asked by " + to_string(run)}, {"extra", "1"}}));
}

TEST(RunJob, HandsADefaultDownAsItReadsInItsOwnRun) {
  Family family(a_job("child").parameter("year", "").task(a_task("c")));
  CoreWorld& world = family.world;
  static_cast<void>(world.submit(family.parent));
  EXPECT_EQ(world.run(last_run_of(world, family.child)).parameters,
            (model::NamedStrings{{"year", "2023"}}));
}

TEST(RunJob, ADeploymentWithoutTheOtherJobIsRefused) {
  CoreWorld world;
  const auto settings = std::make_shared<const model::JobSettings>(
      a_job("parent").task(a_task("call").starts("gone")).build());
  const auto reply = world.turn(Deploy{.bundle = "b",
                                       .target = "dev",
                                       .expected_version = std::nullopt,
                                       .jobs = {{.resource_key = "parent",
                                                 .settings_digest = "d",
                                                 .settings_json = "{}",
                                                 .settings = settings}}});
  EXPECT_EQ(reply.error().code, ErrorCode::kInvalid);
}

TEST(RunJob, WaitsWhileTheOtherRunIsQueued) {
  Family family;
  CoreWorld& world = family.world;
  const RunId first = world.submit(family.child);
  const RunId run = world.submit(family.parent);
  const RunId child = last_run_of(world, family.child);
  EXPECT_EQ(world.run(child).state, RunState::kQueued);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kDelegated);
  world.finish(first, "c");
  world.finish(child, "c");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RunJob, FailsWhenTheOtherRunIsSkipped) {
  Family family(a_job("child").without_queue().task(a_task("c")));
  CoreWorld& world = family.world;
  world.submit(family.child);
  const RunId run = world.submit(family.parent);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kFailed);
}

TEST(RunJob, ARemovedJobFailsTheTask) {
  Family family;
  CoreWorld& world = family.world;
  const JobId child = family.child;
  const JobId parent = world.deploy_all({a_job("parent").task(a_task("call").starts(child))}).at(0);
  const RunId run = world.submit(parent);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "call").message, "Job " + to_string(child) + " does not exist.");
}

TEST(RunJob, CancelsThroughEveryLevelFromTheTop) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all({a_job("top").task(a_task("call").starts("middle")),
                                      a_job("middle").task(a_task("call").starts("bottom")),
                                      a_job("bottom").task(a_task("work"))});
  const RunId top = world.submit(jobs[0]);
  const RunId middle = last_run_of(world, jobs[1]);
  const RunId bottom = last_run_of(world, jobs[2]);
  ASSERT_TRUE(bottom.is_valid());
  ASSERT_TRUE(world.turn(CancelRun{.run = top}).has_value());
  EXPECT_EQ(world.take_stops().size(), 1U);
  EXPECT_EQ(world.run(top).state, RunState::kStopping);
  world.finish(bottom, "work", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  for (const RunId run : {bottom, middle, top}) {
    EXPECT_EQ(world.run(run).state, RunState::kCancelled) << to_string(run);
  }
}

TEST(RunJob, AJobThatStartsItselfEndsAtTheDeepestLevel) {
  CoreWorld world;
  const JobId job =
      world.deploy(a_job("loop").concurrent(100).task(a_task("again").starts("loop")));
  const RunId run = world.submit(job);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
  EXPECT_EQ(world.stored_runs().size(), static_cast<std::size_t>(limits::kMaxRunJobDepth) + 1);
}

TEST(RunJob, TriesAgainWithANewRun) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs =
      world.deploy_all({a_job("parent").task(a_task("call").starts("child").retries(1)),
                        a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  const RunId first = last_run_of(world, jobs[1]);
  world.finish(first, "c", 1);
  world.pass(limits::kRunJobRetryPause);
  const RunId second = last_run_of(world, jobs[1]);
  EXPECT_NE(first, second);
  world.finish(second, "c");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RunJob, WaitsForItsRunOverARestart) {
  Family family;
  CoreWorld& world = family.world;
  const RunId run = world.submit(family.parent);
  const RunId child = last_run_of(world, family.child);
  const HeldAttempt held = world.held(child, "c", HeldAttempt::State::kRunning);
  world.restart();
  world.register_worker("w", 4, "boot-1", {held});
  world.finish(child, "c");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RunJob, RunsInsideAForEachTask) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("loop").for_each("[1, 2]", a_task("call").starts("child"), 2)),
       a_job("child").concurrent(5).task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  EXPECT_EQ(world.stored_runs().size(), 3U);
  for (const auto& [id, stored] : std::map(world.stored_runs())) {
    if (stored.record.job == jobs[1]) {
      world.finish(id, "c");
    }
  }
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RunJob, TheDeadlinesOfParentAndChildMayPassInTheSameMoment) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all(
      {a_job("parent").timeout(std::chrono::seconds(60)).task(a_task("call").starts("child")),
       a_job("child")
           .timeout(std::chrono::seconds(30))
           .task(a_task("a"))
           .task(a_task("b").after("a"))
           .task(a_task("c").after("b"))});
  const RunId run = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  world.start(child, "a");
  world.pass(std::chrono::hours(2));
  EXPECT_EQ(world.run(child).state, RunState::kStopping);
  EXPECT_EQ(world.state_of(child, "b"), TaskState::kCancelled);
  world.finish(child, "a", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.run(child).state, RunState::kTimedOut);
  EXPECT_EQ(world.run(run).state, RunState::kTimedOut);
}

TEST(RunJob, FailsWhereItWouldWaitForItself) {
  CoreWorld world;
  const auto jobs = world.deploy_all(
      {a_job("a").task(a_task("call").starts("b")), a_job("b").task(a_task("call").starts("a"))});
  const RunId run = world.submit(jobs[0]);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
  EXPECT_EQ(world.stored_runs().size(), 2U);
}

TEST(RunJob, QueuesBehindARunThatStartedItsOwnAndWaitsForItNoLonger) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs =
      world.deploy_all({a_job("a").task(a_task("call").starts("b")).task(a_task("work")),
                        a_job("b").task(a_task("call").starts("a"))});
  const RunId above = world.submit(jobs[0]);
  const RunId run = last_run_of(world, jobs[1]);
  ASSERT_EQ(world.run(run).state, RunState::kFailed);
  ASSERT_EQ(world.state_of(above, "work"), TaskState::kLeased);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}));
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kDelegated);
  const RunId below = last_run_of(world, jobs[0]);
  EXPECT_EQ(world.run(below).state, RunState::kQueued);
  world.finish(above, "work");
  EXPECT_EQ(world.run(below).state, RunState::kRunning);
}

TEST(RunJob, QueuesBehindARunThatWaitsForAnotherRunByNow) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs = world.deploy_all({a_job("a").task(a_task("call").starts("b")),
                                      a_job("b")
                                          .concurrent(2)
                                          .task(a_task("work"))
                                          .task(a_task("call").after("work").starts("a"))});
  const RunId above = world.submit(jobs[0]);
  const RunId first = last_run_of(world, jobs[1]);
  world.finish(first, "work", 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = above, .all_failed = true}));
  const RunId second = world.details_of(above, "call").child;
  ASSERT_TRUE(second.is_valid());
  ASSERT_NE(second, first) << "it waits for another run";
  ASSERT_TRUE(world.turn(RepairRun{.run = first, .all_failed = true}));
  world.finish(first, "work");
  EXPECT_EQ(world.state_of(first, "call"), TaskState::kDelegated);
  EXPECT_EQ(world.run(last_run_of(world, jobs[0])).state, RunState::kQueued);
}

TEST(RunJob, QueuesBehindARunWhoseTaskThatStartedItsOwnIsGone) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto b = a_job("b").task(a_task("work")).task(a_task("call").after("work").starts("a"));
  const JobId a =
      world.deploy_all({a_job("a").task(a_task("own")).task(a_task("call").starts("b")), b})[0];
  const RunId above = world.submit(a);
  const RunId run = world.details_of(above, "call").child;
  world.finish(above, "own", 1);
  world.finish(run, "work", 1);
  ASSERT_EQ(world.run(above).state, RunState::kFailed);
  world.deploy_all({a_job("a").task(a_task("own")), b});
  ASSERT_TRUE(world.turn(RepairRun{.run = above, .tasks = {"own"}}));
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}));
  world.finish(run, "work");
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kDelegated);
  EXPECT_EQ(world.run(last_run_of(world, a)).state, RunState::kQueued);
}

TEST(RunJob, CancelAllOfAJobThatStartsItselfEndsEachRunOnce) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(a_job("loop")
                                     .alert_on_failure("ops")
                                     .concurrent(2)
                                     .task(a_task("work"))
                                     .task(a_task("again").after("work").starts("loop")));
  const RunId run = world.submit(job);
  world.finish(run, "work");
  const RunId child = last_run_of(world, job);
  const RunId queued = world.submit(job);
  ASSERT_NE(child, run);
  ASSERT_EQ(world.run(queued).state, RunState::kQueued);
  ASSERT_TRUE(world.turn(CancelAllRuns{.job = job}).has_value());
  world.finish(child, "work", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  for (const RunId id : {run, child, queued}) {
    EXPECT_EQ(world.run(id).state, RunState::kCancelled);
  }
  EXPECT_EQ(world.alerts().size(), 3U);
}

TEST(RunJob, WaitsBetweenRunsThatEndAtOnce) {
  CoreWorld world;
  const auto jobs =
      world.deploy_all({a_job("parent").task(a_task("call").starts("child").retries(-1)),
                        a_job("child").concurrent(0).task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kWaitingRetry);
  world.pass(limits::kRunJobRetryPause);
  EXPECT_EQ(world.state_of(run, "call"), TaskState::kWaitingRetry);
  EXPECT_EQ(world.stored_runs().size(), 3U);
}

}  // namespace
}  // namespace sheaf::core
