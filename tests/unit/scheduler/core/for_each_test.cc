#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::TaskBuilder;

std::vector<std::string> argument_list(const std::vector<StartAttempt>& starts) {
  std::vector<std::string> arguments;
  for (const StartAttempt& start : starts) {
    arguments.push_back(start.spec.arguments.back());
  }
  return arguments;
}

TaskBuilder a_loop(std::string inputs, int concurrency = 1) {
  return a_task("loop").for_each(std::move(inputs), a_task("each").argument("x"), concurrency);
}

std::size_t count(const std::vector<TaskState>& states, TaskState state) {
  return static_cast<std::size_t>(std::ranges::count(states, state));
}

TEST(ForEach, StartsAsManyIterationsAsItsConcurrencyAllows) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_loop("[1, 2, 3, 4, 5]", 2))));
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kDelegated);
  EXPECT_EQ(count(world.iterations_of(run, "loop"), TaskState::kLeased), 2U);
  EXPECT_EQ(count(world.iterations_of(run, "loop"), TaskState::kBlocked), 3U);
  world.finish_iteration(run, "loop", 1);
  EXPECT_EQ(world.iteration_row(run, "loop", 2).state, TaskState::kLeased);
  EXPECT_EQ(count(world.iterations_of(run, "loop"), TaskState::kLeased), 2U);
}

TEST(ForEach, EndsWithItsLastIterationAndLetsItsDependentsGo) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_loop("[\"a\", \"b\"]", 2)).task(a_task("end").after("loop"))));
  world.finish_iteration(run, "loop", 0);
  EXPECT_EQ(world.state_of(run, "end"), TaskState::kBlocked);
  world.finish_iteration(run, "loop", 1);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kSucceeded);
  world.finish(run, "end");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(ForEach, AFailedIterationFailsTheTaskWhenTheOthersAreOver) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_loop("[1, 2, 3]"))));
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 7);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kDelegated);
  world.finish_iteration(run, "loop", 2);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "loop").message, "1 of 3 iterations did not succeed");
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
}

TEST(ForEach, AnEmptyListSucceedsAtOnce) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_loop("[ ]"))));
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(ForEach, InputsThatAreNoListFailTheTask) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_loop("{\"a\": 1}"))));
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "loop").message,
            "the inputs are no JSON array");
}

TEST(ForEach, TakesItsInputsFromATaskValue) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("list"))
                                    .task(a_task("loop").after("list").for_each(
                                        "{{tasks.list.values.regions}}", a_task("each"), 10))));
  world.publish(run, "list", "regions", "[\"eu\", \"us\", \"asia\"]");
  world.finish(run, "list");
  EXPECT_EQ(world.iterations_of(run, "loop").size(), 3U);
}

TEST(ForEach, TakesItsInputsFromTheLinesOfAFile) {
  CoreWorld world;
  world.register_worker("w", 4);
  world.files["inputs.jsonl"] = "{\"a\": 1}\n\n\"two\"\n3\n";
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("loop").for_each_line("inputs.jsonl", a_task("each"), 3))));
  ASSERT_EQ(world.iterations_of(run, "loop").size(), 3U);
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    world.finish_iteration(run, "loop", index);
  }
  const RunId bad = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each_line("gone.jsonl", a_task("each"), 3))));
  EXPECT_EQ(world.state_of(bad, "loop"), TaskState::kFailed);
}

TEST(ForEach, AFileWithABadLineNamesIt) {
  CoreWorld world;
  world.files["inputs.jsonl"] = "1\n2\nthree\n";
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each_line("inputs.jsonl", a_task("each")))));
  EXPECT_EQ(world.details_of(run, "loop").message.substr(0, 44),
            "inputs.jsonl: line 3: the line holds no JSON");
}

TEST(ForEach, RetriesAnIterationByItself) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("loop").for_each("[1, 2]", a_task("each").retries(1), 2))));
  const AttemptId first = world.iteration_row(run, "loop", 0).attempt;
  world.finish_iteration(run, "loop", 0, 1);
  EXPECT_EQ(world.iteration_row(run, "loop", 0).attempt_number, 1U);
  EXPECT_NE(world.iteration_row(run, "loop", 0).attempt, first);
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(ForEach, CancellingTheRunStopsItsIterationsAndStartsNoMore) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_loop("[1, 2, 3]", 2))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  EXPECT_EQ(world.take_stops().size(), 1U);
  EXPECT_EQ(count(world.iterations_of(run, "loop"), TaskState::kCancelled), 2U);
  EXPECT_EQ(world.run(run).state, RunState::kStopping);
  const auto row = world.iteration_row(run, "loop", 0);
  ASSERT_TRUE(
      world
          .turn(ReportResult{
              .worker = row.worker,
              .attempt = row.attempt,
              .fence = row.fence,
              .outcome = {.end = AttemptEnd::kCancelled, .tree_empty = true, .started = world.now}})
          .has_value());
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kCancelled);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(ForEach, ItsOwnTimeoutEndsItWithItsIterations) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_loop("[1, 2]").timeout(std::chrono::seconds(10)))));
  world.start_iteration(run, "loop", 0);
  world.pass(std::chrono::seconds(10));
  EXPECT_EQ(world.iteration_row(run, "loop", 0).state, TaskState::kStopping);
  world.finish_iteration(run, "loop", 0, 143);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kTimedOut);
}

TEST(ForEach, CancellingOneTaskLeavesTheOthersGoing) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_loop("[1, 2, 3]")).task(a_task("other"))));
  const AttemptId loop = world.row_of(run, "loop").attempt;
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = loop}).has_value());
  world.finish_iteration(run, "loop", 0, 143);
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kCancelled);
  EXPECT_EQ(world.state_of(run, "other"), TaskState::kLeased);
}

TEST(ForEach, GoesOnWhereItWasAfterARestart) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_loop("[1, 2, 3, 4]", 2))));
  world.finish_iteration(run, "loop", 0);
  const auto held = [&](std::uint32_t index) {
    const auto row = world.iteration_row(run, "loop", index);
    return HeldAttempt{.attempt = row.attempt, .fence = row.fence};
  };
  world.restart();
  world.register_worker("w", 2, "boot-1", {held(1), held(2)});
  EXPECT_EQ(count(world.iterations_of(run, "loop"), TaskState::kLeased), 2U);
  for (const std::uint32_t index : {1U, 2U, 3U}) {
    world.finish_iteration(run, "loop", index);
  }
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(ForEach, TwoOfThemInOneRunKeepTheirRowsApart) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a").for_each("[1, 2]", a_task("each").argument("a"), 5))
                       .task(a_task("b").for_each("[1, 2, 3]", a_task("each").argument("b"), 5))));
  EXPECT_EQ(world.iterations_of(run, "a").size(), 2U);
  EXPECT_EQ(world.iterations_of(run, "b").size(), 3U);
  EXPECT_EQ(argument_list(world.take_starts()),
            (std::vector<std::string>{"a", "a", "b", "b", "b"}));
}

TEST(IterationInputs, CutsAnArrayAsItIsWritten) {
  const auto inputs =
      IterationInputs::from_array(" [1.10, \"a,\\\"]\", {\"k\":\n [1, 2]} , true ] ");
  ASSERT_TRUE(inputs.has_value());
  ASSERT_EQ(inputs->size(), 4U);
  EXPECT_EQ(inputs->at(0), "1.10");
  EXPECT_EQ(inputs->at(1), "\"a,\\\"]\"");
  EXPECT_EQ(inputs->at(2), "{\"k\":  [1, 2]}");
  EXPECT_EQ(inputs->at(3), "true");
  EXPECT_EQ(IterationInputs::from_stored(inputs->lines()).at(2), inputs->at(2));
}

TEST(IterationInputs, RefusesWhatIsNoArray) {
  for (const char* text : {"", "1", "{}", "[1", "[1,]", "[1] 2", "\"[1]\""}) {
    EXPECT_FALSE(IterationInputs::from_array(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace sheaf::core
