// Repairs beside queues, deployments and repairs that came before them.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::repair_failed;
using tests::repair_id;

TEST(RepeatedRepair, KeepsItsPlaceInTheQueueOverARestart) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId old = world.submit(job);
  world.finish(old, "t", 1);
  const RunId first = world.submit(job);
  const RunId second = world.submit(job);
  ASSERT_TRUE(world.turn(repair_failed(old)).has_value());
  world.restart();
  world.finish(first, "t");
  EXPECT_EQ(world.run(second).state, RunState::kRunning);
  EXPECT_EQ(world.run(old).state, RunState::kQueued);
}

TEST(RepeatedRepair, RunsOfAJobThatIsGoneAreRepairedOneByOneOverARestartToo) {
  for (const bool restarts : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 4);
    const JobId job = world.deploy(a_job("j").concurrent(2).task(a_task("t")));
    const RunId first = world.submit(job);
    const RunId second = world.submit(job);
    world.finish(first, "t", 1);
    world.finish(second, "t", 1);
    world.deploy(a_job("other").task(a_task("t")));
    ASSERT_TRUE(world.turn(repair_failed(first)).has_value());
    if (restarts) {
      world.restart();
    }
    ASSERT_TRUE(world.turn(repair_failed(second)).has_value());
    EXPECT_EQ(world.run(second).state, RunState::kQueued) << restarts;
  }
}

TEST(RepeatedRepair, KeptIterationsEndAsTheirTaskDoesWhenItDoesNotRunThisTime) {
  CoreWorld world;
  world.register_worker("w", 8);
  const auto job = [](const std::string& right) {
    return a_job("j")
        .task(a_task("when").condition("1", model::ConditionOperator::kEqualTo, right))
        .task(a_task("loop").after("when", true).for_each("[1, 2]", a_task("each"), 2));
  };
  const RunId run = world.submit(world.deploy(job("1")));
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  world.deploy(job("2"));
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"when"}}).has_value());
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kExcluded);
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector<TaskState>{TaskState::kSucceeded, TaskState::kExcluded}));
}

TEST(RepeatedRepair, OfARunWhoseStarterHasFewerTasksByNowTellsNobody) {
  CoreWorld world;
  world.register_worker("w", 4);
  const tests::JobBuilder child = a_job("child").task(a_task("c"));
  const JobId job = world.deploy_all(
      {a_job("parent").task(a_task("first")).task(a_task("call").after("first").starts("child")),
       child})[0];
  const RunId parent = world.submit(job);
  world.finish(parent, "first");
  const RunId started = world.details_of(parent, "call").child;
  world.finish(started, "c", 1);
  ASSERT_EQ(world.run(parent).state, RunState::kFailed);
  world.deploy_all({a_job("parent").task(a_task("first")), child});
  ASSERT_TRUE(world.turn(RepairRun{.run = parent, .tasks = {"first"}}).has_value());
  ASSERT_TRUE(world.turn(repair_failed(started)).has_value());
  world.finish(started, "c");
  EXPECT_EQ(world.run(started).state, RunState::kSucceeded);
  EXPECT_EQ(world.state_of(parent, "first"), TaskState::kLeased);
}

TEST(RepeatedRepair, PlansIterationsAnewWhenTheirInputsChangedInARepairThatLeftThemOut) {
  for (const bool changes : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const auto job = [](const std::string& inputs) {
      return a_job("j")
          .task(a_task("other"))
          .task(a_task("loop").for_each(inputs, a_task("each"), 8));
    };
    const RunId run = world.submit(world.deploy(job("[1, 2, 3]")));
    world.finish(run, "other", 1);
    for (const std::uint32_t index : {0U, 1U, 2U}) {
      world.finish_iteration(run, "loop", index, index == 1 ? 1 : 0);
    }
    world.deploy(job(changes ? "[10, 20]" : "[1,2,3]"));
    const auto first = world.turn(RepairRun{.run = run, .tasks = {"other"}});
    world.finish(run, "other");
    ASSERT_TRUE(world.turn(repair_failed(run, repair_id(first))).has_value());
    const auto succeeded =
        std::ranges::count(world.iterations_of(run, "loop"), TaskState::kSucceeded);
    EXPECT_EQ(world.iterations_of(run, "loop").size(), changes ? 2U : 3U);
    EXPECT_EQ(succeeded, changes ? 0 : 2);
  }
}

TEST(RepeatedRepair, ALostAttemptMayOverlapWithThatOfTheRepair) {
  CoreWorld world;
  const WorkerId worker = world.register_worker("w", 4).worker;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").max_lost(0))));
  world.start(run, "t");
  ASSERT_TRUE(
      world.turn(ReportSilence{.worker = worker, .verdict = ReportSilence::Verdict::kLeaseOver})
          .has_value());
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kInternalError);
  EXPECT_FALSE(world.details_of(run, "t").attempts.at(0).overlap_possible);
  ASSERT_TRUE(world.turn(repair_failed(run)).has_value());
  EXPECT_TRUE(world.details_of(run, "t").attempts.at(0).overlap_possible);
}

TEST(RepeatedRepair, WaitsWithThePriorityThatItsJobHasNow) {
  CoreWorld world;
  world.register_worker("w", 1);
  const auto jobs = [](int priority) {
    return std::vector{a_job("busy").task(a_task("t")),
                       a_job("repaired").priority(priority).task(a_task("t")),
                       a_job("other").priority(5).task(a_task("t"))};
  };
  const std::vector<JobId> ids = world.deploy_all(jobs(9));
  const RunId busy = world.submit(ids[0]);
  const RunId repaired = world.submit(ids[1]);
  ASSERT_TRUE(world.turn(CancelRun{.run = repaired}).has_value());
  world.deploy_all(jobs(1));
  const RunId other = world.submit(ids[2]);
  ASSERT_TRUE(world.turn(repair_failed(repaired)).has_value());
  world.finish(busy, "t");
  EXPECT_EQ(world.state_of(other, "t"), TaskState::kLeased);
  EXPECT_EQ(world.state_of(repaired, "t"), TaskState::kReady);
}

TEST(Outstanding, AnOrderWhoseLeaseWasTakenBackIsNotCurrent) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const std::vector<StartAttempt> starts = world.take_starts();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_TRUE(is_current(world.state, starts[0]));
  world.register_worker("w", 1, "boot-2");
  EXPECT_FALSE(is_current(world.state, starts[0]));
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);  // Anew, under another attempt.
}

}  // namespace
}  // namespace sheaf::core
