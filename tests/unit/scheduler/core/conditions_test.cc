#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::ConditionOperator;
using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

constexpr const char* kModelUpdate = "{{tasks.compare.values.model_update}}";

tests::JobBuilder retraining() {
  return a_job("wine")
      .task(a_task("compare"))
      .task(a_task("model_update")
                .after("compare")
                .condition(kModelUpdate, ConditionOperator::kEqualTo, "1"))
      .task(a_task("deploy").after("model_update", true));
}

TEST(Conditions, ABetterModelIsDeployed) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(retraining()));
  world.publish(run, "compare", "model_update", "1");
  world.finish(run, "compare");
  EXPECT_EQ(world.row_of(run, "model_update").outcome, 1);
  world.finish(run, "deploy");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Conditions, TheUnchosenBranchIsExcludedAndTheRunSucceeds) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(retraining()));
  world.publish(run, "compare", "model_update", "0");
  world.finish(run, "compare");
  EXPECT_EQ(world.state_of(run, "model_update"), TaskState::kSucceeded);
  EXPECT_EQ(world.state_of(run, "deploy"), TaskState::kExcluded);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Conditions, AMissingValueFailsTheTaskAndSaysWhich) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(retraining()));
  world.finish(run, "compare");
  EXPECT_EQ(world.state_of(run, "model_update"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "model_update").message,
            "task \"compare\" has set no value \"model_update\"");
  EXPECT_EQ(world.state_of(run, "deploy"), TaskState::kUpstreamFailed);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
}

struct Comparison {
  const char* left;
  ConditionOperator op;
  const char* right;
  TaskState state;
  int outcome;
};

class ConditionOperators : public testing::TestWithParam<Comparison> {};

TEST_P(ConditionOperators, CompareAsDocumented) {
  const Comparison& comparison = GetParam();
  CoreWorld world;
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("c").condition(comparison.left, comparison.op, comparison.right))));
  EXPECT_EQ(world.state_of(run, "c"), comparison.state);
  EXPECT_EQ(world.row_of(run, "c").outcome, comparison.outcome);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    ConditionOperators,
    testing::Values(
        Comparison{"12.0", ConditionOperator::kEqualTo, "12", TaskState::kSucceeded, 2},
        Comparison{"12", ConditionOperator::kEqualTo, "12", TaskState::kSucceeded, 1},
        Comparison{"a", ConditionOperator::kNotEqual, "b", TaskState::kSucceeded, 1},
        Comparison{"12.0", ConditionOperator::kGreaterThanOrEqual, "12", TaskState::kSucceeded, 1},
        Comparison{"2", ConditionOperator::kLessThan, "10", TaskState::kSucceeded, 1},
        Comparison{"2", ConditionOperator::kGreaterThan, "10", TaskState::kSucceeded, 2},
        Comparison{"-1e3", ConditionOperator::kLessThanOrEqual, "+5", TaskState::kSucceeded, 1},
        Comparison{"true", ConditionOperator::kGreaterThan, "1", TaskState::kFailed, 0},
        Comparison{"", ConditionOperator::kLessThan, "1", TaskState::kFailed, 0},
        Comparison{"1 ", ConditionOperator::kLessThan, "2", TaskState::kFailed, 0},
        Comparison{"12.0", ConditionOperator::kNotEqual, "12", TaskState::kSucceeded, 1},
        Comparison{"a", ConditionOperator::kEqualTo, "A", TaskState::kSucceeded, 2},
        Comparison{"", ConditionOperator::kEqualTo, "", TaskState::kSucceeded, 1},
        Comparison{"12.0", ConditionOperator::kLessThanOrEqual, "12", TaskState::kSucceeded, 1},
        Comparison{"12.0", ConditionOperator::kGreaterThan, "12", TaskState::kSucceeded, 2},
        Comparison{"12.0", ConditionOperator::kLessThan, "12", TaskState::kSucceeded, 2},
        Comparison{"0.1", ConditionOperator::kLessThan, ".2", TaskState::kSucceeded, 1},
        Comparison{"a", ConditionOperator::kLessThan, "b", TaskState::kFailed, 0},
        Comparison{"nan", ConditionOperator::kLessThan, "1", TaskState::kFailed, 0},
        Comparison{"1", ConditionOperator::kLessThan, "inf", TaskState::kFailed, 0},
        Comparison{"+-1", ConditionOperator::kLessThan, "1", TaskState::kFailed, 0},
        Comparison{"0x1", ConditionOperator::kLessThan, "2", TaskState::kFailed, 0},
        Comparison{
            "{{foo.bar}}", ConditionOperator::kEqualTo, "{{foo.bar}}", TaskState::kSucceeded, 1}));

struct OperandCase {
  const char* json;
  const char* right;
  TaskState state;
  int outcome;
  const char* message;
};

class ConditionOperands : public testing::TestWithParam<OperandCase> {};

TEST_P(ConditionOperands, AreStringsNumbersAndBooleans) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("a"))
          .task(a_task("c").after("a").condition(
              "{{tasks.a.values.k}}", ConditionOperator::kEqualTo, GetParam().right))));
  world.publish(run, "a", "k", GetParam().json);
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "c"), GetParam().state);
  EXPECT_EQ(world.row_of(run, "c").outcome, GetParam().outcome);
  EXPECT_EQ(world.details_of(run, "c").message, GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    ConditionOperands,
    testing::Values(OperandCase{"\"1\"", "1", TaskState::kSucceeded, 1, ""},
                    OperandCase{"1", "1", TaskState::kSucceeded, 1, ""},
                    OperandCase{"1.0", "1", TaskState::kSucceeded, 2, ""},
                    OperandCase{"true", "true", TaskState::kSucceeded, 1, ""},
                    OperandCase{"\"[1]\"", "[1]", TaskState::kSucceeded, 1, ""},
                    OperandCase{"[1]",
                                "[1]",
                                TaskState::kFailed,
                                0,
                                "the value \"k\" is a list; a condition compares strings, numbers "
                                "and booleans"},
                    OperandCase{"{\"a\":1}",
                                "",
                                TaskState::kFailed,
                                0,
                                "the value \"k\" is a map; a condition compares strings, numbers "
                                "and booleans"},
                    OperandCase{"null",
                                "null",
                                TaskState::kFailed,
                                0,
                                "the value \"k\" is null; a condition compares strings, numbers "
                                "and booleans"}));

struct RunIfCase {
  RunIf run_if;
  int a;  ///< Exit code of the first dependency.
  int b;
  TaskState expected;
};

class RunIfTable : public testing::TestWithParam<RunIfCase> {};

TEST_P(RunIfTable, JudgesFinishedDependencies) {
  const RunIfCase& row = GetParam();
  CoreWorld world;
  world.register_worker("w", 3);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("a"))
                                    .task(a_task("b"))
                                    .task(a_task("c").after("a").after("b").run_if(row.run_if))));
  world.finish(run, "a", row.a);
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kBlocked);
  world.finish(run, "b", row.b);
  EXPECT_EQ(world.state_of(run, "c"), row.expected);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    RunIfTable,
    testing::Values(RunIfCase{RunIf::kAllSuccess, 0, 0, TaskState::kLeased},
                    RunIfCase{RunIf::kAllSuccess, 0, 1, TaskState::kUpstreamFailed},
                    RunIfCase{RunIf::kAtLeastOneSuccess, 0, 1, TaskState::kLeased},
                    RunIfCase{RunIf::kAtLeastOneSuccess, 1, 1, TaskState::kUpstreamFailed},
                    RunIfCase{RunIf::kNoneFailed, 0, 0, TaskState::kLeased},
                    RunIfCase{RunIf::kNoneFailed, 0, 1, TaskState::kUpstreamFailed},
                    RunIfCase{RunIf::kAllDone, 1, 1, TaskState::kLeased},
                    RunIfCase{RunIf::kAtLeastOneFailed, 0, 1, TaskState::kLeased},
                    RunIfCase{RunIf::kAtLeastOneFailed, 0, 0, TaskState::kExcluded},
                    RunIfCase{RunIf::kAllFailed, 1, 1, TaskState::kLeased},
                    RunIfCase{RunIf::kAllFailed, 0, 1, TaskState::kExcluded}));

TEST(Conditions, ExclusionCascadesWhateverRunIfSays) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("c").condition("1", ConditionOperator::kEqualTo, "2"))
                       .task(a_task("x").after("c", true))
                       .task(a_task("y").after("x").run_if(RunIf::kAllDone))));
  EXPECT_EQ(world.state_of(run, "x"), TaskState::kExcluded);
  EXPECT_EQ(world.state_of(run, "y"), TaskState::kExcluded);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Conditions, ADisabledTaskCountsAsExcluded) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("a").disabled()).task(a_task("b").after("a"))));
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kDisabled);
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kExcluded);
}

TEST(Conditions, WhoeverNamesNoOutcomeWaitsForEither) {
  for (const char* right : {"1", "2"}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = world.submit(
        world.deploy(a_job("j")
                         .task(a_task("c").condition("1", ConditionOperator::kEqualTo, right))
                         .task(a_task("x").after("c"))));
    EXPECT_EQ(world.state_of(run, "x"), TaskState::kLeased) << right;
  }
}

TEST(Conditions, DecideForATaskThatStandsBeforeThemToo) {
  CoreWorld world;
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("x").after("c", true))
                       .task(a_task("c").condition("1", ConditionOperator::kEqualTo, "2"))));
  EXPECT_EQ(world.state_of(run, "x"), TaskState::kExcluded);
}

TEST(Conditions, OfAnIterationCompareNoLists) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("loop").for_each(
      "[[1]]", a_task("c").condition("{{input}}", ConditionOperator::kEqualTo, "[1]")))));
  EXPECT_EQ(world.iterations_of(run, "loop"), std::vector{TaskState::kFailed});
}

}  // namespace
}  // namespace sheaf::core
