#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

TEST(Attempts, ATaskThatFailsTwiceAndThenSucceedsIsASuccessWithThreeAttempts) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(2))));
  for (const int exit_code : {1, 1, 0}) {
    world.start(run, "t");
    world.finish(run, "t", exit_code);
  }
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
  EXPECT_EQ(world.details_of(run, "t").attempts.size(), 3U);
  EXPECT_EQ(world.row_of(run, "t").attempt_number, 2U);
}

TEST(Attempts, RetriesEndAtMaxRetries) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(1))));
  world.finish(run, "t", 3);
  world.finish(run, "t", 4);
  EXPECT_EQ(world.run(run).state, RunState::kFailed);
  EXPECT_EQ(
      world.run(run).message,
      "Task t failed with message: Workload failed with exit status 4, see run output for details");
}

TEST(Attempts, EachAttemptHasItsOwnIdAndAGrowingFence) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(1))));
  const TaskRow first = world.row_of(run, "t");
  EXPECT_EQ(first.attempt.value, run.value + 1);
  world.finish(run, "t", 1);
  const TaskRow second = world.row_of(run, "t");
  EXPECT_GT(second.attempt, first.attempt);
  EXPECT_GT(second.fence, first.fence);
}

TEST(Attempts, TheRetryIntervalCountsFromTheStartOfTheFailedAttempt) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").retries(1).retry_interval(Milliseconds{5'000}))));
  world.start(run, "t");
  world.pass(Milliseconds{2'000});
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kWaitingRetry);
  world.pass(Milliseconds{2'999});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kWaitingRetry);
  world.pass(Milliseconds{1});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
}

TEST(Attempts, ATimeoutIsRetriedOnlyWhereTheTaskSaysSo) {
  for (const bool retries : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 1);
    auto task = a_task("t").retries(1).timeout(std::chrono::seconds(2));
    const RunId run =
        world.submit(world.deploy(a_job("j").task(retries ? task.retry_on_timeout() : task)));
    world.start(run, "t");
    world.finish(run, "t", {.end = AttemptEnd::kTimedOut, .tree_empty = true});
    EXPECT_EQ(is_terminal(world.run(run).state), !retries);
    EXPECT_EQ(world.state_of(run, "t"), retries ? TaskState::kLeased : TaskState::kTimedOut);
  }
}

TEST(Attempts, TheSchedulerStopsAnAttemptWhoseSupervisorMissedTheTimeout) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").timeout(std::chrono::seconds(2)))));
  world.start(run, "t");
  world.pass(std::chrono::seconds(33));
  ASSERT_EQ(world.take_stops().size(), 1U);
  world.finish(run, "t", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kTimedOut);
}

TEST(Attempts, TheFirstOutcomeStaysAndLaterOnesAreIgnored) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(1))));
  const TaskRow lease = world.row_of(run, "t");
  world.finish(run, "t", 1);
  const std::size_t events = world.events.size();
  const auto late = world.turn(ReportResult{.worker = lease.worker,
                                            .attempt = lease.attempt,
                                            .fence = lease.fence,
                                            .outcome = {.end = AttemptEnd::kExited}});
  EXPECT_TRUE(late.has_value());
  EXPECT_EQ(world.events.size(), events);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
}

TEST(Attempts, AReportUnderAnotherFenceChangesNothing) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const TaskRow lease = world.row_of(run, "t");
  static_cast<void>(world.turn(ReportResult{.worker = lease.worker,
                                            .attempt = lease.attempt,
                                            .fence = lease.fence + 1,
                                            .outcome = {.end = AttemptEnd::kExited}}));
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
}

TEST(Attempts, ValuesAreInvisibleUntilTheAttemptSucceeds) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(1))));
  world.publish(run, "t", "k", "1");
  EXPECT_TRUE(world.details_of(run, "t").values.empty());
  world.finish(run, "t", 1);
  EXPECT_TRUE(world.details_of(run, "t").values.empty());
  EXPECT_TRUE(world.details_of(run, "t").staged.empty());
  world.publish(run, "t", "k", "2");
  world.finish(run, "t", 0);
  ASSERT_EQ(world.details_of(run, "t").values.size(), 1U);
  EXPECT_EQ(world.details_of(run, "t").values[0].json, "2");
}

TEST(Attempts, MoreValuesThanARunMayHaveAreRefused) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const TaskRow lease = world.row_of(run, "t");
  const std::vector<TaskValue> values(limits::kMaxTaskValuesPerRun + 1, {.key = "k", .json = "1"});
  const auto reply = world.turn(ReportValues{
      .worker = lease.worker, .attempt = lease.attempt, .fence = lease.fence, .values = values});
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kExhausted);
}

TEST(Attempts, ValuesOfTasksThatRunTogetherShareTheLimitOfTheRun) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b"))));
  const auto publish = [&](const std::string& task, std::size_t count) {
    const TaskRow lease = world.row_of(run, task);
    return world
        .turn(ReportValues{.worker = lease.worker,
                           .attempt = lease.attempt,
                           .fence = lease.fence,
                           .values = std::vector<TaskValue>(count, {.key = "k", .json = "1"})})
        .has_value();
  };
  EXPECT_TRUE(publish("a", limits::kMaxTaskValuesPerRun));
  EXPECT_FALSE(publish("b", 1));
  EXPECT_TRUE(publish("a", limits::kMaxTaskValuesPerRun - 1));
  EXPECT_TRUE(publish("b", 1));
}

TEST(Attempts, ARejectedLeaseGoesElsewhereUnderANewFence) {
  CoreWorld world;
  world.register_worker("w", 2);
  const WorkerId other = world.register_worker("x", 1).worker;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const TaskRow lease = world.row_of(run, "t");
  static_cast<void>(world.turn(ReportRejected{.worker = lease.worker,
                                              .attempt = lease.attempt,
                                              .fence = lease.fence,
                                              .reason = "draining"}));
  const TaskRow again = world.row_of(run, "t");
  EXPECT_EQ(again.state, TaskState::kLeased);
  EXPECT_EQ(again.attempt, lease.attempt);
  EXPECT_GT(again.fence, lease.fence);
  EXPECT_EQ(again.worker, other);
}

TEST(Attempts, AWorkerThatRefusedALeaseGetsNoneUntilItIsHeardAgain) {
  CoreWorld world;
  const WorkerId worker = world.register_worker("w", 1).worker;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const TaskRow lease = world.row_of(run, "t");
  ASSERT_TRUE(world
                  .turn(ReportRejected{.worker = worker,
                                       .attempt = lease.attempt,
                                       .fence = lease.fence,
                                       .reason = "no space left on device"})
                  .has_value());
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kReady);
  ASSERT_TRUE(
      world.turn(ReportSilence{.worker = worker, .verdict = ReportSilence::Verdict::kHeardAgain})
          .has_value());
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
}

TEST(Attempts, WhatCannotBePreparedIsAnErrorOfItsOwnKindAndIsRetried) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t").retries(1))));
  world.finish(
      run, "t", {.end = AttemptEnd::kNotStarted, .tree_empty = true, .message = "no such package"});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
  world.finish(
      run, "t", {.end = AttemptEnd::kNotStarted, .tree_empty = true, .message = "no such package"});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kInternalError);
  EXPECT_EQ(world.run(run).message, "Task t failed with message: no such package");
}

TEST(Attempts, ACancelledAttemptWhoseProcessesAreNotGoneIsNotCancelledYet) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(run, "t", {.end = AttemptEnd::kCancelled, .tree_empty = false});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kStopping);
  world.pass(limits::kWorkerLease);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(Attempts, ATimeoutIsOneThoughMemoryRanOutToo) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(
      a_task("t").retries(1).retry_on_timeout().retry_only_on({.on_timeout = true}))));
  world.finish(run, "t", {.end = AttemptEnd::kTimedOut, .tree_empty = true, .out_of_memory = true});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kLeased);
}

}  // namespace
}  // namespace sheaf::core
