// A plain success is told by its row; everything else has a record of its own.
#include "scheduler/core/attempt_history.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/support/builders.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

AttemptRecord exit_zero() {
  return {.id = {7},
          .state = TaskState::kSucceeded,
          .outcome = {.end = model::AttemptEnd::kExited, .tree_empty = true}};
}

TEST(AttemptHistory, WhatOnlyARecordCanTellIsNoPlainSuccess) {
  EXPECT_TRUE(is_plain_success(exit_zero()));
  struct Case {
    std::string name;
    void (*change)(AttemptRecord&);
  };
  const Case cases[] = {
      {"a failure", [](AttemptRecord& it) { it.state = TaskState::kFailed; }},
      {"another exit code", [](AttemptRecord& it) { it.outcome.exit_code = 1; }},
      {"another end", [](AttemptRecord& it) { it.outcome.end = model::AttemptEnd::kSignalled; }},
      {"a tree that may live", [](AttemptRecord& it) { it.outcome.tree_empty = false; }},
      {"memory ran out", [](AttemptRecord& it) { it.outcome.out_of_memory = true; }},
      {"a message", [](AttemptRecord& it) { it.outcome.message = "odd"; }},
      {"a warning", [](AttemptRecord& it) { it.outcome.warnings = {"odd"}; }},
      {"a long stdout", [](AttemptRecord& it) { it.outcome.stdout_bytes = 1ULL << 32; }},
      {"a long stderr", [](AttemptRecord& it) { it.outcome.stderr_bytes = 1ULL << 32; }},
  };
  for (const Case& row : cases) {
    AttemptRecord attempt = exit_zero();
    row.change(attempt);
    EXPECT_FALSE(is_plain_success(attempt)) << row.name;
  }
}

TEST(AttemptHistory, TheRowOfAPlainSuccessTellsTheAttempt) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.finish(run,
               "t",
               {.end = model::AttemptEnd::kExited,
                .tree_empty = true,
                .started = world.now,
                .stdout_bytes = 5,
                .stderr_bytes = 6});
  const StoredRun& stored = world.stored_runs().at(run);
  EXPECT_TRUE(stored.details.empty());
  const std::vector<AttemptRecord> attempts =
      finished_attempts(stored.record, stored.rows.at(0), nullptr);
  ASSERT_EQ(attempts.size(), 1U);
  EXPECT_EQ(attempts[0].id, stored.rows[0].attempt);
  EXPECT_EQ(attempts[0].worker, stored.rows[0].worker);
  EXPECT_EQ(attempts[0].state, TaskState::kSucceeded);
  EXPECT_EQ(attempts[0].outcome.end, model::AttemptEnd::kExited);
  EXPECT_TRUE(attempts[0].outcome.tree_empty);
  EXPECT_EQ(attempts[0].outcome.started, world.now);
  EXPECT_EQ(attempts[0].outcome.stdout_bytes, 5U);
  EXPECT_EQ(attempts[0].outcome.stderr_bytes, 6U);
  EXPECT_EQ(attempts[0].outcome.ended, stored.rows[0].ended);
}

TEST(AttemptHistory, ATaskThatNeededNoWorkerHasNoAttempt) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("c").condition("1", model::ConditionOperator::kEqualTo, "1"))));
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kSucceeded);
  EXPECT_TRUE(world.details_of(run, "c").attempts.empty());
}

TEST(AttemptHistory, ARecordOfTheSameAttemptIsNotDoubled) {
  const TaskRow row{.state = TaskState::kSucceeded, .attempt = {7}, .worker = {2}};
  const TaskDetails details{.attempts = {exit_zero()}};
  EXPECT_EQ(finished_attempts({}, row, &details), details.attempts);
}

TEST(AttemptHistory, AnAttemptBelongsToThePassThatDrewItsId) {
  RunRecord run;
  EXPECT_EQ(pass_of(run, {5}), 0U);
  run.repairs = {{.id = 0}, {.id = 10}, {.id = 20}};
  EXPECT_EQ(pass_of(run, {9}), 0U);
  EXPECT_EQ(pass_of(run, {11}), 1U);
  EXPECT_EQ(pass_of(run, {21}), 2U);
}

}  // namespace
}  // namespace sheaf::core
