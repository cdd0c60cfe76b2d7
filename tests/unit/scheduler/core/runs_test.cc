#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

TEST(Runs, AtMostOneRunOfAJobLivesAndTheOthersQueueInOrder) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId first = world.submit(job);
  const RunId second = world.submit(job);
  const RunId third = world.submit(job);
  EXPECT_EQ(world.run(first).state, RunState::kRunning);
  EXPECT_EQ(world.run(second).state, RunState::kQueued);
  world.restart();
  world.register_worker("w", 4, "boot-1", {world.held(first, "t", HeldAttempt::State::kRunning)});
  EXPECT_EQ(world.run(second).state, RunState::kQueued);
  world.finish(first, "t");
  EXPECT_EQ(world.run(second).state, RunState::kRunning);
  EXPECT_EQ(world.run(third).state, RunState::kQueued);
  world.finish(second, "t");
  EXPECT_EQ(world.run(third).state, RunState::kRunning);
}

TEST(Runs, WithoutAQueueTheSurplusIsSkipped) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").without_queue().task(a_task("t")));
  world.submit(job);
  EXPECT_EQ(world.run(world.submit(job)).state, RunState::kSkipped);
}

TEST(Runs, AQueuedRunIsDroppedAfterTwoDays) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  world.submit(job);
  const RunId waiting = world.submit(job);
  world.pass(std::chrono::hours(47));
  EXPECT_EQ(world.run(waiting).state, RunState::kQueued);
  world.pass(std::chrono::hours(1));
  EXPECT_EQ(world.run(waiting).state, RunState::kSkipped);
}

TEST(Runs, ARepeatedReceiptFindsTheSameRun) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const SubmitRun delivery{
      .job = job, .receipt_key = "hook/1/drift/a", .receipt_kept = std::chrono::hours(168)};
  const auto first = std::get<SubmitReply>(*world.turn(delivery));
  const auto second = std::get<SubmitReply>(*world.turn(delivery));
  EXPECT_FALSE(first.repeated);
  EXPECT_TRUE(second.repeated);
  EXPECT_EQ(first.run, second.run);
  world.now += std::chrono::hours(168);
  EXPECT_FALSE(std::get<SubmitReply>(*world.turn(delivery)).repeated);
}

TEST(Runs, AFailedTaskBehindASuccessfulLeafIsSuccessWithFailures) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("clean").after("a").run_if(RunIf::kAllDone))));
  world.finish(run, "a", 1);
  world.finish(run, "clean");
  EXPECT_EQ(world.run(run).state, RunState::kSucceededWithFailures);
}

TEST(Runs, ACancelledRunEndsOnlyWhenItsProcessesAreGone) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("a").retries(5))
                                    .task(a_task("b").after("a").run_if(RunIf::kAllDone))));
  world.start(run, "a");
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  EXPECT_EQ(world.run(run).state, RunState::kStopping);
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kStopping);
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kCancelled);
  ASSERT_EQ(world.take_stops().size(), 1U);
  world.finish(run, "a", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kCancelled);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(Runs, CancellingTwiceOrTooLateIsHarmless) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  EXPECT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  EXPECT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(run, "t", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  const auto unknown = world.turn(CancelRun{.run = {999}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

TEST(Runs, AQueuedRunIsCancelledAtOnce) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  world.submit(job);
  const RunId waiting = world.submit(job);
  EXPECT_TRUE(world.turn(CancelRun{.run = waiting}).has_value());
  EXPECT_EQ(world.run(waiting).state, RunState::kCancelled);
}

TEST(Runs, TheJobTimeoutStopsEverythingAndCountsFromTheStart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").timeout(std::chrono::seconds(60)).task(a_task("t")));
  const RunId first = world.submit(job);
  const RunId queued = world.submit(job);
  world.start(first, "t");
  world.pass(std::chrono::seconds(60));
  EXPECT_EQ(world.run(first).state, RunState::kStopping);
  EXPECT_EQ(world.run(queued).state, RunState::kQueued);
  world.finish(first, "t", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.run(first).state, RunState::kTimedOut);
  EXPECT_EQ(world.run(queued).state, RunState::kRunning);
}

TEST(Runs, AChangedJobTimeoutAppliesToARunInFlight) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId run = world.submit(job);
  EXPECT_EQ(world.run(run).deadline, kNoTime);
  for (const auto timeout : {std::chrono::seconds(5), std::chrono::seconds(1)}) {
    world.deploy(a_job("j").timeout(timeout).task(a_task("t")));
    EXPECT_EQ(world.run(run).deadline, world.run(run).started + timeout);
  }
}

TEST(Runs, AChangedJobTimeoutLeavesARunThatIsBeingCancelled) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.deploy(a_job("j").timeout(std::chrono::seconds(5)).task(a_task("t")));
  world.pass(std::chrono::seconds(5));
  world.finish(run, "t", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(Runs, ARunKeepsTheSettingsItWasSubmittedWith) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job =
      world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a").argument("old")));
  const RunId run = world.submit(job);
  world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a").argument("new")));
  static_cast<void>(world.take_starts());
  world.finish(run, "a");
  EXPECT_EQ(world.take_starts().at(0).spec.arguments.at(1), "old");
}

TEST(Runs, OverridesReplaceDefaultsAndUnknownNamesAreAdded) {
  CoreWorld world;
  const JobId job =
      world.deploy(a_job("j").parameter("a", "1").parameter("b", "2").task(a_task("t")));
  const RunId run = world.submit(job, {{"b", "3"}, {"c", "4"}});
  EXPECT_EQ(world.run(run).parameters, (model::NamedStrings{{"a", "1"}, {"b", "3"}, {"c", "4"}}));
}

TEST(Runs, ARunThatTimesOutWhileARetryIsDueEnds) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .timeout(std::chrono::seconds(60))
                       .task(a_task("t").retries(1).retry_interval(std::chrono::seconds(30)))));
  world.start(run, "t");
  world.finish(run, "t", 1);
  world.pass(std::chrono::seconds(90));
  EXPECT_EQ(world.run(run).state, RunState::kTimedOut);
}

TEST(Runs, ARunThatTimesOutWhileALossVerdictIsDueEnds) {
  // Deadlines are judged in their order: lost after the lease, the task would have been repeated.
  using std::chrono::minutes;
  for (const auto& [timeout, state] :
       {std::pair(limits::kWorkerLease - minutes(1), TaskState::kInternalError),
        std::pair(limits::kWorkerLease + minutes(1), TaskState::kCancelled)}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run =
        world.submit(world.deploy(a_job("j").timeout(timeout).task(a_task("t").retries(1))));
    world.start(run, "t");
    world.register_worker("w", 1);
    world.pass(limits::kWorkerLease * 2);
    EXPECT_EQ(world.run(run).state, RunState::kTimedOut);
    EXPECT_EQ(world.state_of(run, "t"), state);
    EXPECT_EQ(world.details_of(run, "t").attempts.size(), 1U);
  }
}

TEST(Runs, RunsThatArriveTogetherAllFindTheirPlaceWithoutAQueue) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").concurrent(2).without_queue().task(a_task("t")));
  const auto replies =
      world.turn_all({SubmitRun{.job = job}, SubmitRun{.job = job}, SubmitRun{.job = job}});
  std::vector<RunState> states;
  for (const auto& reply : replies) {
    states.push_back(world.run(std::get<SubmitReply>(*reply).run).state);
  }
  EXPECT_EQ(states, (std::vector{RunState::kRunning, RunState::kRunning, RunState::kSkipped}));
}

TEST(Runs, ASkippedRunAlertsAsADroppedOneDoes) {
  CoreWorld world;
  const JobId job =
      world.deploy(a_job("j").without_queue().alert_on_failure("ops").task(a_task("t")));
  world.submit(job);
  const RunId skipped = world.submit(job);
  ASSERT_EQ(world.alerts().size(), 1U);
  EXPECT_EQ(world.alerts()[0].run, skipped);
  EXPECT_EQ(world.alerts()[0].run_state, RunState::kSkipped);
}

TEST(Runs, AChangedNumberOfConcurrentRunsOutlivesARestart) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  world.submit(job);
  world.deploy(a_job("j").concurrent(2).task(a_task("t")));
  world.restart();
  EXPECT_EQ(world.run(world.submit(job)).state, RunState::kRunning);
  EXPECT_EQ(world.run(world.submit(job)).state, RunState::kQueued);
}

TEST(Runs, AFailureQueuesItsAlertsInTheStepThatEndsTheRun) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").alert_on_failure("ops").alert_on_success("team").task(a_task("t"))));
  world.finish(run, "t", 1);
  const auto alerts = world.alerts();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].target.destination, "ops");
  EXPECT_EQ(alerts[0].run, run);
  EXPECT_EQ(alerts[0].run_state, RunState::kFailed);
}

TEST(Runs, AnAlertKeepsItsIdOverEveryTry) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").alert_on_failure("ops").task(a_task("t"))));
  world.finish(run, "t", 1);
  const AlertId alert = world.alerts().at(0).id;
  ASSERT_TRUE(world
                  .turn(SettleAlert{.alert = alert,
                                    .outcome = SettleAlert::Outcome::kPostponed,
                                    .next_try = world.now + std::chrono::seconds(1),
                                    .error = "down"})
                  .has_value());
  ASSERT_TRUE(world.turn(SettleAlert{.alert = alert}).has_value());
  ASSERT_EQ(world.alerts().size(), 1U);
  EXPECT_EQ(world.alerts()[0].id, alert);
  EXPECT_EQ(world.alerts()[0].tries, 2U);
  EXPECT_EQ(world.alerts()[0].state, AlertRecord::State::kDelivered);
}

}  // namespace
}  // namespace sheaf::core
