// Which ends are repeated, how often, and when.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_runs.h"

namespace sheaf::core {
namespace {

using model::RunIf;
using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::last_run_of;
using tests::TaskBuilder;

/// Ends "t" in `end` until it is over or has had `limit` attempts; how many it had.
std::size_t attempts_of(const TaskBuilder& task, TaskState end, std::size_t limit) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(task)));
  std::size_t attempts = 0;
  while (attempts < limit && world.state_of(run, "t") == TaskState::kLeased) {
    world.end_as(run, "t", end);
    ++attempts;
    EXPECT_EQ(world.details_of(run, "t").attempts.back().number, attempts - 1);
  }
  EXPECT_EQ(world.details_of(run, "t").attempts.size(), attempts);
  return attempts;
}

struct RetryCase {
  int max_retries;
  TaskState end;
  bool retry_on_timeout;
  std::size_t attempts;  ///< Of at most 20.
};

class RetryTable : public testing::TestWithParam<RetryCase> {};

TEST_P(RetryTable, RepeatsAsOftenAsTheTaskAllows) {
  const RetryCase& row = GetParam();
  auto task = a_task("t").retries(row.max_retries);
  if (row.retry_on_timeout) {
    task.retry_on_timeout();
  }
  EXPECT_EQ(attempts_of(task, row.end, 20), row.attempts);
}

INSTANTIATE_TEST_SUITE_P(Table,
                         RetryTable,
                         testing::Values(RetryCase{0, TaskState::kFailed, false, 1},
                                         RetryCase{1, TaskState::kFailed, false, 2},
                                         RetryCase{7, TaskState::kFailed, false, 8},
                                         RetryCase{-1, TaskState::kFailed, false, 20},
                                         RetryCase{0, TaskState::kInternalError, false, 1},
                                         RetryCase{2, TaskState::kInternalError, false, 3},
                                         RetryCase{-1, TaskState::kInternalError, false, 20},
                                         RetryCase{2, TaskState::kTimedOut, false, 1},
                                         RetryCase{2, TaskState::kTimedOut, true, 3},
                                         RetryCase{0, TaskState::kTimedOut, true, 1},
                                         RetryCase{-1, TaskState::kTimedOut, true, 20},
                                         RetryCase{2, TaskState::kCancelled, true, 1},
                                         RetryCase{-1, TaskState::kCancelled, true, 1},
                                         RetryCase{-1, TaskState::kSucceeded, true, 1}));

TEST(Retry, AnAttemptLongerThanTheIntervalIsRepeatedAtOnce) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").retries(2).retry_interval(seconds(5)))));
  world.start(run, "t");
  world.pass(seconds(6));
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
  world.start(run, "t");
  world.pass(seconds(1));
  world.finish(run, "t", 1);
  EXPECT_EQ(world.row_of(run, "t").deadline, world.now + seconds(4))
      << "each attempt counts from its own start";
}

TEST(Retry, DependentsWaitForTheFinalAttempt) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("t").retries(1).retry_interval(seconds(5)))
                       .task(a_task("handler").after("t").run_if(RunIf::kAtLeastOneFailed))));
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kWaitingRetry);
  EXPECT_EQ(world.state_of(run, "handler"), TaskState::kBlocked);
  world.pass(seconds(5));
  world.finish(run, "t", 0);
  EXPECT_EQ(world.state_of(run, "handler"), TaskState::kExcluded);
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded) << "a repeated failure leaves no trace";
}

TEST(Retry, ACancelDuringThePauseEndsTheTask) {
  for (const bool whole_run : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = world.submit(
        world.deploy(a_job("j").task(a_task("t").retries(-1).retry_interval(seconds(5)))));
    world.finish(run, "t", 1);
    const AttemptId next = world.row_of(run, "t").attempt;
    ASSERT_TRUE(
        world.turn(CancelRun{.run = run, .attempt = whole_run ? AttemptId{} : next}).has_value());
    EXPECT_EQ(world.state_of(run, "t"), TaskState::kCancelled);
    EXPECT_EQ(world.run(run).state, RunState::kCancelled);
    world.pass(seconds(60));
    EXPECT_EQ(world.state_of(run, "t"), TaskState::kCancelled);
  }
}

TEST(Retry, AnAttemptThatFailsWhileItsRunIsCancelledIsNotRepeated) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(-1))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(Timeout, CountsForEachAttemptByItself) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").timeout(seconds(10)).retries(5))));
  for (int attempt = 0; attempt < 4; ++attempt) {
    world.start(run, "t");
    world.pass(seconds(9));
    EXPECT_TRUE(world.take_stops().empty());
    world.finish(run, "t", 1);
    ASSERT_EQ(world.state_of(run, "t"), TaskState::kLeased);
  }
  EXPECT_EQ(world.take_starts().back().spec.timeout, seconds(10));
}

TEST(Timeout, OfTheJobCountsAllAttemptsAndPauses) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").timeout(seconds(30)).task(a_task("t").retries(-1).retry_interval(seconds(20)))));
  world.start(run, "t");
  world.finish(run, "t", 1);
  world.pass(seconds(20));
  world.start(run, "t");
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kWaitingRetry);
  world.pass(seconds(10));
  EXPECT_EQ(world.run(run).state, RunState::kTimedOut);
}

TEST(Timeout, OfTheJobDoesNotCountTheQueue) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").timeout(seconds(60)).task(a_task("t")));
  const RunId first = world.submit(job);
  const RunId second = world.submit(job);
  world.pass(seconds(50));
  world.finish(first, "t");
  EXPECT_EQ(world.run(second).deadline, world.now + seconds(60));
}

TEST(Timeout, OfARunJobTaskStopsItsRunAndIsRepeatedOnlyWhereTheTaskSaysSo) {
  for (const bool repeats : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 1);
    auto call = a_task("call").starts("child").timeout(seconds(10)).retries(1);
    const auto jobs =
        world.deploy_all({a_job("parent").task(repeats ? call.retry_on_timeout() : call),
                          a_job("child").task(a_task("c"))});
    const RunId run = world.submit(jobs[0]);
    const RunId first = last_run_of(world, jobs[1]);
    world.start(first, "c");
    world.pass(seconds(10));
    ASSERT_EQ(world.run(first).state, RunState::kStopping);
    world.finish(first, "c", {.end = AttemptEnd::kCancelled, .tree_empty = true});
    EXPECT_EQ(world.run(first).state, RunState::kCancelled);
    world.pass(limits::kRunJobRetryPause);
    EXPECT_EQ(world.state_of(run, "call"), repeats ? TaskState::kDelegated : TaskState::kTimedOut);
    EXPECT_EQ(last_run_of(world, jobs[1]) != first, repeats);
  }
}

TEST(Timeout, OfARunJobTaskIsNotRepeatedWhenItsRunStopsToo) {
  CoreWorld world;
  world.register_worker("w", 1);
  const auto jobs = world.deploy_all(
      {a_job("parent").task(
           a_task("call").starts("child").timeout(seconds(10)).retries(1).retry_on_timeout()),
       a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  const RunId child = last_run_of(world, jobs[1]);
  world.start(child, "c");
  world.pass(seconds(10));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(child, "c", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
  EXPECT_EQ(last_run_of(world, jobs[1]), child);
}

TEST(Retry, ConditionsAreNeverRepeated) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(
      a_task("c").condition("x", model::ConditionOperator::kLessThan, "1").retries(-1))));
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kFailed);
  EXPECT_EQ(world.row_of(run, "c").attempt_number, 0U);
}

TEST(Retry, LostAttemptsAreCountedApart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(1).max_lost(2))));
  const model::AttemptOutcome lost{.end = AttemptEnd::kLost, .tree_empty = true};
  world.finish(run, "t", lost);
  world.finish(run, "t", 1);
  world.finish(run, "t", lost);
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kLeased);
  EXPECT_EQ(world.row_of(run, "t").attempt_number, 3U);
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
}

TEST(Retry, ATaskThatIsLostTooOftenIsAnInternalError) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(5).max_lost(0))));
  world.finish(run, "t", {.end = AttemptEnd::kLost, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kInternalError);
}

}  // namespace
}  // namespace sheaf::core
