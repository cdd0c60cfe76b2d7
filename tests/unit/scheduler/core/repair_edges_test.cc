// What of a for-each task a repair keeps, and how far it spreads in the graph.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::JobBuilder;

/// A run of the job of which `failing` of the iterations of "loop" fail.
RunId run_loop(CoreWorld& world, const JobBuilder& job, std::vector<int> exit_codes) {
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(job));
  for (std::uint32_t index = 0; index < exit_codes.size(); ++index) {
    world.finish_iteration(run, "loop", index, exit_codes[index]);
  }
  return run;
}

TEST(RepairedForEach, StandsBehindTasksThatAreNew) {
  CoreWorld world;
  const auto loop = a_task("loop").for_each("[1, 2]", a_task("each"), 2);
  const RunId run = run_loop(world, a_job("j").task(loop), {0, 1});
  world.deploy(a_job("j").task(loop).task(a_task("more")));
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}));
  EXPECT_EQ(world.state_of(run, "more"), TaskState::kLeased);
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector{TaskState::kSucceeded, TaskState::kLeased}));
  EXPECT_EQ(world.run(run).blocks.at(0).first, 2U);
}

TEST(RepairedForEach, KeepsTheAttemptsOfIterationsThatStay) {
  CoreWorld world;
  const RunId run =
      run_loop(world,
               a_job("j").task(a_task("loop").for_each("[1, 2]", a_task("each").retries(1), 2)),
               {1, 1});
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}));
  const auto& details = world.stored_runs().at(run).details;
  EXPECT_EQ(details.at(1).attempts.size(), 1U) << "the success is its row";
  EXPECT_EQ(details.at(2).attempts.size(), 2U);
}

TEST(RepairedForEach, ThatIsNotNamedStaysAsItFailed) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("other")).task(a_task("loop").for_each("[1, 2]", a_task("each"), 2))));
  world.finish(run, "other", 1);
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"other"}}));
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector{TaskState::kSucceeded, TaskState::kFailed}));
}

TEST(RepairedForEach, TellsTheAttemptsOfAllIterationsThatRunAgain) {
  CoreWorld world;
  const RunId run = run_loop(
      world, a_job("j").task(a_task("loop").for_each("[1, 2, 3]", a_task("each"), 3)), {1, 0, 1});
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}));
  for (const Event& event : world.events) {
    if (const auto* repaired = std::get_if<RunRepaired>(&event)) {
      const AttemptRange expected{.first = world.iteration_row(run, "loop", 0).attempt, .count = 2};
      EXPECT_EQ(repaired->iterations, std::vector{expected});
    }
  }
}

TEST(RepairedForEach, GoesOnWhereWhatItsInputsReadStays) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("list"))
                                    .task(a_task("loop").after("list").for_each(
                                        "{{tasks.list.values.n}}", a_task("each"), 2))));
  world.publish(run, "list", "n", "[1, 2]");
  world.finish(run, "list");
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}));
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector{TaskState::kSucceeded, TaskState::kLeased}));
}

TEST(RepairedAttempts, MayOverlapOnlyWhereOneWasLostWithoutProof) {
  struct Case {
    const char* name;
    model::AttemptOutcome outcome;
  };
  const Case cases[] = {
      {"a failure", {.end = AttemptEnd::kExited, .exit_code = 1, .tree_empty = false}},
      {"lost, and gone", {.end = AttemptEnd::kLost, .tree_empty = true}},
  };
  for (const Case& row : cases) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").max_lost(0))));
    world.start(run, "t");
    world.finish(run, "t", row.outcome);
    ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true})) << row.name;
    EXPECT_FALSE(world.details_of(run, "t").attempts.at(0).overlap_possible) << row.name;
  }
}

TEST(RepairedGraph, WhatStandsBetweenTwoTasksBringsWhatDependsOnIt) {
  CoreWorld world;
  world.register_worker("w", 4);
  // The one between is the first of the settings.
  const RunId run = world.submit(world.deploy(a_job("j")
                                                  .task(a_task("between").after("first"))
                                                  .task(a_task("first"))
                                                  .task(a_task("last").after("between"))
                                                  .task(a_task("beside").after("between"))));
  EXPECT_EQ(world.state_of(run, "between"), TaskState::kBlocked);
  for (const char* task : {"first", "between", "last"}) {
    world.finish(run, task);
  }
  world.finish(run, "beside", 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"first", "last"}}));
  for (const char* task : {"between", "last", "beside"}) {
    EXPECT_EQ(world.state_of(run, task), TaskState::kBlocked) << task;
  }
}

TEST(RepairedGraph, WhatDoesNotDependOnANamedTaskStaysThoughAllDependentsRun) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
  for (const char* task : {"a", "b", "c"}) {
    world.finish(run, task);
  }
  ASSERT_TRUE(
      world.turn(RepairRun{.run = run, .tasks = {"c"}, .dependents = RepairRun::Dependents::kAll}));
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kSucceeded);
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kLeased);
}

}  // namespace
}  // namespace sheaf::core
