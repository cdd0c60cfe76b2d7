// For-each tasks: what their iterations may be, and what becomes of the task.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::ConditionOperator;
using model::RunIf;
using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::TaskBuilder;

TaskBuilder loop(const TaskBuilder& inner, int concurrency = 4) {
  return a_task("loop").for_each("[1, 2, 3]", inner, concurrency);
}

TEST(ForEachRules, OneFailureLetsTheOthersFinishAndTheHandlerRun) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(loop(a_task("each"), 1))
                       .task(a_task("next").after("loop"))
                       .task(a_task("handler").after("loop").run_if(RunIf::kAtLeastOneFailed))));
  world.finish_iteration(run, "loop", 0, 1);
  EXPECT_EQ(world.iteration_row(run, "loop", 1).state, TaskState::kLeased);
  world.finish_iteration(run, "loop", 1);
  EXPECT_EQ(world.state_of(run, "handler"), TaskState::kBlocked);
  world.finish_iteration(run, "loop", 2);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "loop").message, "1 of 3 iterations did not succeed");
  EXPECT_EQ(world.state_of(run, "next"), TaskState::kUpstreamFailed);
  EXPECT_EQ(world.state_of(run, "handler"), TaskState::kLeased);
}

TEST(ForEachRules, AFailureThatIsRepeatedWithSuccessIsNone) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(a_job("j").task(loop(a_task("each").retries(1)))));
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    world.finish_iteration(run, "loop", index, 1);
    world.finish_iteration(run, "loop", index);
  }
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kSucceeded);
}

TEST(ForEachRules, AnIterationThatWaitsForItsRetryKeepsItsPlace) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(loop(a_task("each").retries(1).retry_interval(seconds(60)), 1))));
  world.finish_iteration(run, "loop", 0, 1);
  EXPECT_EQ(
      world.iterations_of(run, "loop"),
      (std::vector<TaskState>{TaskState::kWaitingRetry, TaskState::kBlocked, TaskState::kBlocked}));
}

TEST(ForEachRules, ACancelledIterationFailsTheTaskAndLeavesTheOthers) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(a_job("j").task(loop(a_task("each").retries(5), 1))));
  const TaskRow row = world.iteration_row(run, "loop", 0);
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = row.attempt}).has_value());
  ASSERT_TRUE(
      world
          .turn(ReportResult{.worker = row.worker,
                             .attempt = row.attempt,
                             .fence = row.fence,
                             .outcome = {.end = AttemptEnd::kCancelled, .tree_empty = true}})
          .has_value());
  EXPECT_EQ(world.iteration_row(run, "loop", 0).state, TaskState::kCancelled);
  world.finish_iteration(run, "loop", 1);
  world.finish_iteration(run, "loop", 2);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kFailed);
}

TEST(ForEachRules, ConditionsMayBeRepeatedAndTheirOutcomeSelectsNothing) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(a_job("j").task(
      loop(a_task("each").condition("{{input}}", ConditionOperator::kGreaterThan, "1")))));
  EXPECT_EQ(world.iteration_row(run, "loop", 0).outcome, 2);
  EXPECT_EQ(world.iteration_row(run, "loop", 2).outcome, 1);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kSucceeded);
}

TEST(ForEachRules, IsExcludedOrDisabledWithoutIterations) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("c").condition("1", ConditionOperator::kEqualTo, "2"))
                       .task(loop(a_task("each")).after("c", true))
                       .task(a_task("off").disabled().for_each("[1]", a_task("one")))));
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kExcluded);
  EXPECT_EQ(world.state_of(run, "off"), TaskState::kDisabled);
  EXPECT_TRUE(world.run(run).blocks.empty());
}

struct InputsCase {
  const char* value;  ///< Of the task value that the inputs name.
  TaskState state;    ///< Of the for-each task then.
};

class ForEachInputs : public testing::TestWithParam<InputsCase> {};

TEST_P(ForEachInputs, AreAnArrayAfterReferencesAreFilledIn) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("a"))
          .task(a_task("loop").after("a").for_each("{{tasks.a.values.k}}", a_task("each")))));
  world.publish(run, "a", "k", GetParam().value);
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "loop"), GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(Table,
                         ForEachInputs,
                         testing::Values(InputsCase{"[]", TaskState::kSucceeded},
                                         InputsCase{"[1, \"a\", true]", TaskState::kDelegated},
                                         InputsCase{"[{\"a\": [1]}]", TaskState::kDelegated},
                                         InputsCase{"\"[1, 2]\"", TaskState::kDelegated},
                                         InputsCase{"{\"a\": 1}", TaskState::kFailed},
                                         InputsCase{"7", TaskState::kFailed},
                                         InputsCase{"\"\"", TaskState::kFailed}));

TEST(ForEachRules, InputsThatWereNeverSetFailTheTaskWithTheReason) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("a"))
          .task(a_task("loop").after("a").for_each("{{tasks.a.values.k}}", a_task("each")))));
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "loop").message, "task \"a\" has set no value \"k\"");
}

}  // namespace
}  // namespace sheaf::core
