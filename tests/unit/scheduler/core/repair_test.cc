#include <gtest/gtest.h>

#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::repair_failed;
using tests::repair_id;

/// prep → train → deploy, of which train has failed.
struct Broken {
  CoreWorld world;
  RunId run;

  Broken() {
    world.register_worker("w", 4);
    run = world.submit(world.deploy(job()));
    world.finish(run, "prep");
    world.finish(run, "train", 1);
  }
  static tests::JobBuilder job() {
    return a_job("j")
        .parameter("p", "1")
        .task(a_task("prep"))
        .task(a_task("train").after("prep"))
        .task(a_task("deploy").after("train"));
  }
};

TEST(Repair, RunsWhatFailedAndWhatDependsOnIt) {
  Broken broken;
  CoreWorld& world = broken.world;
  const AttemptId before = world.row_of(broken.run, "train").attempt;
  ASSERT_TRUE(world.turn(repair_failed(broken.run)).has_value());
  EXPECT_EQ(world.run(broken.run).state, RunState::kRunning);
  EXPECT_EQ(world.state_of(broken.run, "prep"), TaskState::kSucceeded);
  EXPECT_EQ(world.state_of(broken.run, "train"), TaskState::kLeased);
  EXPECT_EQ(world.state_of(broken.run, "deploy"), TaskState::kBlocked);
  EXPECT_NE(world.row_of(broken.run, "train").attempt, before);
  EXPECT_EQ(world.row_of(broken.run, "train").attempt_number, 0U);
  world.finish(broken.run, "train");
  world.finish(broken.run, "deploy");
  EXPECT_EQ(world.run(broken.run).state, RunState::kSucceeded);
}

TEST(Repair, KeepsItsHistory) {
  Broken broken;
  CoreWorld& world = broken.world;
  const Timestamp ended = world.run(broken.run).ended;
  world.pass(std::chrono::seconds(60));
  const std::int64_t id = repair_id(world.turn(repair_failed(broken.run)));
  world.finish(broken.run, "train");
  world.finish(broken.run, "deploy");
  const auto repairs = world.run(broken.run).repairs;
  ASSERT_EQ(repairs.size(), 2U);
  EXPECT_EQ(repairs[0].id, 0);
  EXPECT_EQ(repairs[0].state, RunState::kFailed);
  EXPECT_EQ(repairs[0].ended, ended);
  EXPECT_EQ(repairs[1].id, id);
  EXPECT_EQ(repairs[1].state, RunState::kSucceeded);
  EXPECT_EQ(repairs[1].attempts.size(), 2U);
  const auto attempts = world.details_of(broken.run, "train").attempts;
  ASSERT_EQ(attempts.size(), 2U);
  EXPECT_EQ(attempts[0].repair, 0U);
  EXPECT_EQ(attempts[1].repair, 1U);
}

TEST(Repair, UsesTheSettingsThatTheJobHasNow) {
  Broken broken;
  CoreWorld& world = broken.world;
  static_cast<void>(world.take_starts());
  world.deploy(a_job("j")
                   .parameter("p", "1")
                   .task(a_task("prep"))
                   .task(a_task("train").after("prep").argument("fixed"))
                   .task(a_task("check").after("train"))
                   .task(a_task("deploy").after("check")));
  ASSERT_TRUE(world.turn(repair_failed(broken.run)).has_value());
  const auto starts = world.take_starts();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].spec.arguments.back(), "fixed");
  for (const char* task : {"train", "check", "deploy"}) {
    world.finish(broken.run, task);
  }
  EXPECT_EQ(world.run(broken.run).state, RunState::kSucceeded);
}

TEST(Repair, NeedsTheLastRepairThatThereWas) {
  Broken broken;
  CoreWorld& world = broken.world;
  EXPECT_FALSE(world.turn(repair_failed(broken.run, 77)).has_value());
  const std::int64_t first = repair_id(world.turn(repair_failed(broken.run)));
  world.finish(broken.run, "train", 1);
  EXPECT_FALSE(world.turn(repair_failed(broken.run)).has_value());
  EXPECT_TRUE(world.turn(repair_failed(broken.run, first)).has_value());
}

TEST(Repair, RefusesAnActiveRunAndOneWithoutFailures) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  EXPECT_EQ(world.turn(repair_failed(run)).error().code, ErrorCode::kConflict);
  world.finish(run, "t");
  EXPECT_EQ(world.turn(repair_failed(run)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(world.turn(repair_failed(RunId{999'999})).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(world.turn(RepairRun{.run = run, .tasks = {"tt"}}).error().code, ErrorCode::kInvalid);
}

TEST(Repair, RunsNamedTasksAndLeavesSuccessfulDependentsUnlessAsked) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a"))));
  world.finish(run, "a");
  world.finish(run, "b");
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"a"}}).has_value());
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kSucceeded);
  world.finish(run, "a");
  const std::int64_t last = world.run(run).repairs.back().id;
  ASSERT_TRUE(world
                  .turn(RepairRun{.run = run,
                                  .tasks = {"a"},
                                  .dependents = RepairRun::Dependents::kAll,
                                  .latest_repair = last})
                  .has_value());
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kBlocked);
}

TEST(Repair, MergesParametersOverThoseGivenBefore) {
  Broken broken;
  CoreWorld& world = broken.world;
  RepairRun command = repair_failed(broken.run);
  command.overrides = {{"p", "2"}};
  command.latest_repair = repair_id(world.turn(command));
  EXPECT_EQ(world.run(broken.run).parameters, (model::NamedStrings{{"p", "2"}}));
  world.finish(broken.run, "train", 1);
  command.overrides = {};
  ASSERT_TRUE(world.turn(command).has_value());
  EXPECT_EQ(world.run(broken.run).parameters, (model::NamedStrings{{"p", "2"}}));
}

TEST(Repair, RunsOnlyTheFailedIterationsOfAForEachTask) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each("[1, 2, 3, 4]", a_task("each"), 4))));
  for (const std::uint32_t index : {0U, 1U, 2U, 3U}) {
    world.finish_iteration(run, "loop", index, index % 2 == 1 ? 1 : 0);
  }
  ASSERT_EQ(world.run(run).state, RunState::kFailed);
  ASSERT_TRUE(world.turn(repair_failed(run)).has_value());
  EXPECT_EQ(
      world.iterations_of(run, "loop"),
      (std::vector<TaskState>{
          TaskState::kSucceeded, TaskState::kLeased, TaskState::kSucceeded, TaskState::kLeased}));
  world.finish_iteration(run, "loop", 1);
  world.finish_iteration(run, "loop", 3);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Repair, PlansIterationsAnewWhenWhatTheyComeFromRunsAgain) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("list"))
                                    .task(a_task("loop").after("list").for_each(
                                        "{{tasks.list.values.n}}", a_task("each"), 4))));
  world.publish(run, "list", "n", "[1, 2]");
  world.finish(run, "list");
  world.finish_iteration(run, "loop", 0, 1);
  world.finish_iteration(run, "loop", 1, 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"list"}}).has_value());
  world.publish(run, "list", "n", "[7]");
  world.finish(run, "list");
  EXPECT_EQ(world.iterations_of(run, "loop").size(), 1U);
}

TEST(Repair, SurvivesARestart) {
  Broken broken;
  CoreWorld& world = broken.world;
  ASSERT_TRUE(world.turn(repair_failed(broken.run)).has_value());
  const HeldAttempt held = world.held(broken.run, "train", HeldAttempt::State::kRunning);
  world.restart();
  world.register_worker("w", 4, "boot-1", {held});
  world.finish(broken.run, "train");
  world.finish(broken.run, "deploy");
  EXPECT_EQ(world.run(broken.run).state, RunState::kSucceeded);
}

TEST(Repair, QueuesBehindARunOfTheJob) {
  Broken broken;
  CoreWorld& world = broken.world;
  const RunId other = world.submit(world.run(broken.run).job);
  ASSERT_TRUE(world.turn(repair_failed(broken.run)).has_value());
  EXPECT_EQ(world.run(broken.run).state, RunState::kQueued);
  for (const char* task : {"prep", "train", "deploy"}) {
    world.finish(other, task);
  }
  EXPECT_EQ(world.run(broken.run).state, RunState::kRunning);
}

TEST(Repair, ATaskThatIsNoForEachTaskAnyMoreLosesItsIterations) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("x")).task(a_task("loop").for_each("[1, 2]", a_task("each"), 2))));
  world.finish(run, "x");
  world.finish_iteration(run, "loop", 0, 1);
  world.finish_iteration(run, "loop", 1, 1);
  // A repair that ends in the queue leaves its tasks unjudged.
  const RunId other = world.submit(world.run(run).job);
  const std::int64_t first = repair_id(world.turn(repair_failed(run)));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  ASSERT_TRUE(world.turn(CancelRun{.run = other}).has_value());
  world.deploy(a_job("j").task(a_task("x")).task(a_task("loop")));
  world.finish(other, "x", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  for (const std::uint32_t index : {0U, 1U}) {
    world.finish_iteration(other, "loop", index, 143);
  }
  ASSERT_TRUE(
      world.turn(RepairRun{.run = run, .tasks = {"x"}, .latest_repair = first}).has_value());
  EXPECT_TRUE(world.run(run).blocks.empty());
  world.finish(run, "x");
  world.finish(run, "loop");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Repair, NamesTheAttemptsOfTasksAndCountsThoseOfIterations) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each("[1, 2, 3]", a_task("each"), 3))));
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    world.finish_iteration(run, "loop", index, 1);
  }
  ASSERT_TRUE(world.turn(repair_failed(run)).has_value());
  EXPECT_EQ(world.run(run).repairs.back().attempts.size(), 1U);
  const AttemptId first = world.iteration_row(run, "loop", 0).attempt;
  EXPECT_EQ(world.iteration_row(run, "loop", 2).attempt.value, first.value + 2);
}

TEST(Repair, WhatRunsAgainWaitsForAllThatRunsAgainBeforeIt) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("prep"))
                       .task(a_task("mid").after("prep").run_if(model::RunIf::kAllDone))
                       .task(a_task("end").after("mid"))));
  world.finish(run, "prep", 1);
  world.finish(run, "mid");
  world.finish(run, "end", 1);
  ASSERT_TRUE(world.turn(repair_failed(run)).has_value());
  EXPECT_EQ(world.state_of(run, "prep"), TaskState::kLeased);
  EXPECT_EQ(world.state_of(run, "mid"), TaskState::kBlocked);
  EXPECT_EQ(world.state_of(run, "end"), TaskState::kBlocked);
}

TEST(Repair, JudgesATaskAnewThatBecameACondition) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a"))));
  world.finish(run, "a");
  world.finish(run, "b", 1);
  world.deploy(a_job("j")
                   .task(a_task("a").condition("1", model::ConditionOperator::kEqualTo, "1"))
                   .task(a_task("b").after("a", true)));
  ASSERT_TRUE(world.turn(repair_failed(run)).has_value());
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kLeased);
}

TEST(Repair, PlansIterationsAnewWhenTheirInputsReadAnotherParameter) {
  CoreWorld world;
  world.register_worker("w", 8);
  const auto job = [](const std::string& inputs) {
    return a_job("j")
        .parameter("p", inputs)
        .task(a_task("loop").for_each("{{job.parameters.p}}", a_task("each"), 8));
  };
  const RunId run = world.submit(world.deploy(job("[1, 2, 3]")));
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    world.finish_iteration(run, "loop", index, index == 1 ? 1 : 0);
  }
  world.deploy(job("[10, 20]"));
  ASSERT_TRUE(world.turn(repair_failed(run)).has_value());
  EXPECT_EQ(world.iterations_of(run, "loop").size(), 2U);
}

TEST(Repair, OfAJobThatAllowsNoRunsIsRefused) {
  Broken broken;
  broken.world.deploy(Broken::job().concurrent(0));
  EXPECT_EQ(broken.world.turn(repair_failed(broken.run)).error().code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace sheaf::core
