#include <algorithm>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::AttemptOutcome;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

struct RunningWorld : CoreWorld {
  WorkerId worker = register_worker("w", 1).worker;
  RunId run_id = submit(deploy(a_job("j").task(a_task("t"))));

  RunningWorld() {
    start(run_id, "t");
    static_cast<void>(take_starts());
  }
};

TEST(Workers, ARestartedAgentKeepsItsAttempts) {
  RunningWorld world;
  const TaskRow before = world.row_of(world.run_id, "t");
  const auto reply = world.register_worker(
      "w", 1, "boot-1", {world.held(world.run_id, "t", HeldAttempt::State::kRunning)});
  EXPECT_EQ(reply.adopt, std::vector{before.attempt});
  EXPECT_EQ(reply.worker, world.worker);
  EXPECT_TRUE(world.take_starts().empty());
  EXPECT_EQ(world.row_of(world.run_id, "t"), before);
}

TEST(Workers, ARebootRepeatsTheAttemptAtOnceWithoutOverlap) {
  RunningWorld world;
  const TaskRow before = world.row_of(world.run_id, "t");
  world.register_worker("w", 1, "boot-2");
  const TaskRow after = world.row_of(world.run_id, "t");
  EXPECT_EQ(after.state, TaskState::kLeased);
  EXPECT_GT(after.attempt, before.attempt);
  EXPECT_EQ(after.lost_attempts, 1);
  EXPECT_FALSE(world.details_of(world.run_id, "t").attempts.at(0).overlap_possible);
}

TEST(Workers, ALostAttemptIsRepeatedAtMostThreeTimesBesideRetries) {
  RunningWorld world;
  for (int reboot = 2; reboot <= 4; ++reboot) {
    world.register_worker("w", 1, "boot-" + std::to_string(reboot));
    EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kLeased);
    world.start(world.run_id, "t");
  }
  world.register_worker("w", 1, "boot-5");
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kInternalError);
  EXPECT_EQ(world.run(world.run_id).state, RunState::kFailed);
}

TEST(Workers, ALeaseThatNeverArrivedIsSentAgain) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const auto first = world.take_starts();
  world.register_worker("w", 1);
  const auto second = world.take_starts();
  ASSERT_EQ(first.size(), 1U);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(first[0].spec, second[0].spec);
  EXPECT_EQ(world.row_of(run, "t").attempt_number, 0U);
}

TEST(Workers, ARunningAttemptThatItsWorkerForgotIsNotRepeatedBeforeTheLeaseIsOver) {
  RunningWorld world;
  world.register_worker("w", 1);
  EXPECT_TRUE(world.take_starts().empty());
  world.pass(limits::kWorkerLease - std::chrono::seconds(1));
  EXPECT_TRUE(world.take_starts().empty());
  world.pass(std::chrono::seconds(1));
  EXPECT_EQ(world.take_starts().size(), 1U);
  EXPECT_TRUE(world.details_of(world.run_id, "t").attempts.at(0).overlap_possible);
}

TEST(Workers, AForgottenAttemptThatTurnsUpAgainTakesTheVerdictBack) {
  RunningWorld world;
  world.register_worker("w", 1);
  world.register_worker(
      "w", 1, "boot-1", {world.held(world.run_id, "t", HeldAttempt::State::kRunning)});
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kRunning);
  world.pass(limits::kWorkerLease * 2);
  EXPECT_TRUE(world.take_starts().empty());
  world.finish(world.run_id, "t");
  EXPECT_EQ(world.run(world.run_id).state, RunState::kSucceeded);
}

TEST(Workers, ACancelledAttemptThatItsWorkerForgotIsNotCalledGone) {
  RunningWorld world;
  const TaskRow row = world.row_of(world.run_id, "t");
  world.register_worker("w", 1);
  ASSERT_TRUE(world.turn(CancelRun{.run = world.run_id}).has_value());
  EXPECT_TRUE(world.take_stops().empty());
  // What a worker says of an attempt that it does not know.
  ASSERT_TRUE(
      world
          .turn(ReportResult{.worker = row.worker,
                             .attempt = row.attempt,
                             .fence = row.fence,
                             .outcome = {.end = AttemptEnd::kCancelled, .tree_empty = true}})
          .has_value());
  EXPECT_EQ(world.run(world.run_id).state, RunState::kStopping);
  world.pass(limits::kWorkerLease);
  EXPECT_EQ(world.run(world.run_id).state, RunState::kCancelled);
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kInternalError);
}

TEST(Workers, AForgottenAttemptThatTurnsUpDuringACancelIsStopped) {
  RunningWorld world;
  world.register_worker("w", 1);
  ASSERT_TRUE(world.turn(CancelRun{.run = world.run_id}).has_value());
  world.register_worker(
      "w", 1, "boot-1", {world.held(world.run_id, "t", HeldAttempt::State::kRunning)});
  EXPECT_EQ(world.take_stops().size(), 1U);
  world.pass(limits::kWorkerLease * 2);
  EXPECT_EQ(world.run(world.run_id).state, RunState::kStopping);
  world.finish(world.run_id, "t", {.end = AttemptEnd::kCancelled, .tree_empty = true});
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kCancelled);
}

TEST(Workers, ARefusalOfAStartedAttemptWaitsForTheLease) {
  RunningWorld world;
  const TaskRow row = world.row_of(world.run_id, "t");
  ASSERT_TRUE(world
                  .turn(ReportRejected{.worker = row.worker,
                                       .attempt = row.attempt,
                                       .fence = row.fence,
                                       .reason = "no free slot"})
                  .has_value());
  EXPECT_TRUE(world.take_starts().empty());
  world.pass(limits::kWorkerLease);
  EXPECT_EQ(world.row_of(world.run_id, "t").lost_attempts, 1);
}

TEST(Workers, ARepeatedLossReportDoesNotPutTheVerdictOff) {
  RunningWorld world;
  const AttemptOutcome lost{.end = AttemptEnd::kLost, .tree_empty = false};
  world.finish(world.run_id, "t", lost);
  world.pass(limits::kWorkerLease / 2);
  world.finish(world.run_id, "t", lost);
  world.pass(limits::kWorkerLease / 2);
  EXPECT_EQ(world.row_of(world.run_id, "t").lost_attempts, 1);
}

TEST(Workers, AnAdoptedAttemptKeepsItsTimeout) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").timeout(std::chrono::seconds(2)))));
  world.start(run, "t");
  world.register_worker("w", 1);
  world.register_worker("w", 1, "boot-1", {world.held(run, "t", HeldAttempt::State::kRunning)});
  world.pass(std::chrono::minutes(1));
  EXPECT_EQ(world.take_stops().size(), 1U);
}

TEST(Workers, ACancelledAttemptIsGoneWithTheRebootOfItsWorker) {
  RunningWorld world;
  ASSERT_TRUE(world.turn(CancelRun{.run = world.run_id}).has_value());
  world.register_worker("w", 1, "boot-2");
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kCancelled);
  EXPECT_EQ(world.run(world.run_id).state, RunState::kCancelled);
}

TEST(Workers, ASilentWorkerGetsNoWorkAndLosesItsAttemptsWithTheLease) {
  RunningWorld world;
  using Verdict = ReportSilence::Verdict;
  ASSERT_TRUE(
      world.turn(ReportSilence{.worker = world.worker, .verdict = Verdict::kSuspect}).has_value());
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kRunning);
  ASSERT_TRUE(world.turn(ReportSilence{.worker = world.worker, .verdict = Verdict::kLeaseOver})
                  .has_value());
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kReady);
  const WorkerId other = world.register_worker("x", 1).worker;
  EXPECT_EQ(world.row_of(world.run_id, "t").worker, other);
  EXPECT_TRUE(world.details_of(world.run_id, "t").attempts.at(0).overlap_possible);
}

TEST(Workers, AttemptsThatNobodyOwnsAreKilledOrForgotten) {
  CoreWorld world;
  const auto reply = world.register_worker(
      "w",
      1,
      "boot-1",
      {{.attempt = {500}, .fence = 3, .state = HeldAttempt::State::kRunning},
       {.attempt = {501}, .fence = 3, .state = HeldAttempt::State::kFinished}});
  EXPECT_EQ(reply.kill, std::vector{AttemptId{500}});
  EXPECT_EQ(reply.forget, std::vector{AttemptId{501}});
}

TEST(Workers, AStopIsOwedAgainAfterEachRegistration) {
  RunningWorld world;
  ASSERT_TRUE(world.turn(CancelRun{.run = world.run_id}).has_value());
  EXPECT_EQ(world.take_stops().size(), 1U);
  world.restart();
  world.register_worker(
      "w", 1, "boot-1", {world.held(world.run_id, "t", HeldAttempt::State::kRunning)});
  EXPECT_EQ(world.take_stops().size(), 1U);
}

TEST(Workers, AShimThatDiedWithItsTreeGoneIsRepeatedAtOnce) {
  RunningWorld world;
  world.finish(
      world.run_id,
      "t",
      {.end = AttemptEnd::kLost, .tree_empty = true, .message = "its supervisor was killed"});
  EXPECT_EQ(world.state_of(world.run_id, "t"), TaskState::kLeased);
  EXPECT_EQ(world.row_of(world.run_id, "t").lost_attempts, 1);
  // Nobody saw its end: the moment of the report stands for it.
  EXPECT_EQ(world.details_of(world.run_id, "t").attempts.at(0).outcome.ended, world.now);
}

TEST(Workers, ARestartOfTheSchedulerChangesNoRow) {
  RunningWorld world;
  const TaskRow row = world.row_of(world.run_id, "t");
  const std::uint64_t epoch = world.state.epoch;
  world.restart();
  EXPECT_EQ(world.row_of(world.run_id, "t"), row);
  EXPECT_EQ(world.state.epoch, epoch + 1);
  EXPECT_EQ(outstanding_for(world.state, world.worker).size(), 0U);
}

TEST(Workers, AnAttemptUnderAnotherFenceIsKilledAndTheOneThatIsMissingSentAgain) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  static_cast<void>(world.take_starts());
  HeldAttempt other = world.held(run, "t", HeldAttempt::State::kRunning);
  ++other.fence;
  const auto reply = world.register_worker("w", 1, "boot-1", {other});
  EXPECT_TRUE(reply.adopt.empty());
  EXPECT_EQ(reply.kill, std::vector<AttemptId>{other.attempt});
  EXPECT_EQ(world.take_starts().size(), 1U);
}

TEST(Workers, AnAttemptThatWasAdoptedThoughNobodySawItsStartIsWaitedForWhenItIsForgotten) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const HeldAttempt held = world.held(run, "t", HeldAttempt::State::kPreparing);
  // Its worker cannot say that nothing of it runs, and then holds it after all.
  world.finish(run, "t", {.end = AttemptEnd::kLost});
  ASSERT_EQ(world.row_of(run, "t").deadline, world.now + limits::kWorkerLease);
  world.register_worker("w", 1, "boot-1", {held});
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kRunning);
  ASSERT_EQ(world.row_of(run, "t").started, kNoTime);
  static_cast<void>(world.take_starts());
  world.register_worker("w", 1);
  EXPECT_EQ(world.row_of(run, "t").deadline, world.now + limits::kWorkerLease);
  EXPECT_TRUE(world.take_starts().empty());
}

TEST(Workers, ARefusalOfAnAttemptOfWhichSomethingMayRunReturnsNothing) {
  CoreWorld world;
  const WorkerId worker = world.register_worker("w", 1).worker;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.finish(run, "t", {.end = AttemptEnd::kLost});
  const TaskRow row = world.row_of(run, "t");
  const std::size_t before = world.events.size();
  ASSERT_TRUE(world
                  .turn(ReportRejected{
                      .worker = worker, .attempt = row.attempt, .fence = row.fence, .reason = "x"})
                  .has_value());
  EXPECT_EQ(world.events.size(), before);
  EXPECT_EQ(world.row_of(run, "t"), row);
}

TEST(Workers, AStopIsSentAgainWhereTheLeaseNeverArrived) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  static_cast<void>(world.take_stops());
  static_cast<void>(world.take_starts());
  world.register_worker("w", 1);
  EXPECT_EQ(world.take_stops().size(), 1U);
  EXPECT_TRUE(world.take_starts().empty());
}

TEST(Workers, LabelsAndDevicesAreKeptSortedAndOnce) {
  CoreWorld world;
  world.register_worker(
      RegisterWorker{.name = "w", .labels = {"b", "a", "b"}, .resources = {.gpus = {2, 0, 2}}});
  const WorkerRecord& record = world.state.workers.begin()->second.record;
  EXPECT_EQ(record.labels, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(record.resources.gpus, (std::vector<std::uint32_t>{0, 2}));
}

TEST(Workers, ASecondRegistrationWithoutTheAttemptDoesNotPutTheVerdictOff) {
  RunningWorld world;
  world.register_worker("w", 1);
  const Timestamp verdict = world.row_of(world.run_id, "t").deadline;
  world.pass(std::chrono::seconds(5));
  world.register_worker("w", 1);
  EXPECT_EQ(world.row_of(world.run_id, "t").deadline, verdict);
}

}  // namespace
}  // namespace sheaf::core
