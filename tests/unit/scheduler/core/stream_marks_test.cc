// What the rows of a stream's process say while it lives, and what tells a process that has begun.
#include "tests/unit/scheduler/core/stream_world.h"

namespace sheaf::core {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

const model::AttemptOutcome kKilled{
    .end = AttemptEnd::kSignalled, .signal = 9, .stdout_bytes = 7, .stderr_bytes = 9};

TaskRow row_at(const StreamWorld& world, std::uint32_t index) {
  return world.iteration_row(world.id, "loop", index);
}

TEST(StreamRows, AreThoseOfTheirProcess) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_process();
  const TaskRow holder = row_at(world, 0);
  for (const std::uint32_t index : {1U, 2U}) {
    EXPECT_EQ(row_at(world, index).attempt, holder.attempt);
    EXPECT_EQ(row_at(world, index).worker, holder.worker);
    EXPECT_EQ(row_at(world, index).fence, holder.fence);
    EXPECT_EQ(row_at(world, index).started, kNoTime);
  }
  world.turn(ReportStarted{.worker = process.worker,
                           .attempt = process.spec.attempt,
                           .fence = process.spec.fence,
                           .started = world.now});
  EXPECT_EQ(row_at(world, 1).started, world.now);
  world.pass(seconds(3));
  world.report(process, {{.index = 1, .is_success = true}});
  EXPECT_EQ(row_at(world, 1).ended, world.now);
}

TEST(StreamRows, ThatComeBackAreNobodys) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {});
  world.turn(ReportSilence{.worker = process.worker, .verdict = ReportSilence::Verdict::kSuspect});
  world.end(process, kKilled);
  EXPECT_EQ(row_at(world, 0).stdout_bytes, 7U);
  const TaskRow back = row_at(world, 2);
  EXPECT_EQ(back.state, TaskState::kBlocked);
  EXPECT_NE(back.attempt, process.spec.attempt);
  EXPECT_FALSE(back.worker.is_valid());
  EXPECT_EQ(back.started, kNoTime);
  EXPECT_EQ(back.stdout_bytes, 0U);
  EXPECT_EQ(back.stderr_bytes, 0U);
}

TEST(StreamRows, ThatWereRepeatedHaveNothingOfTheLogsOfTheProcess) {
  StreamWorld world(a_stream(3, 1, an_inner().retries(1).retry_interval(hours(1))));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}, {.index = 1, .error = "bad"}});
  world.report(process, {{.index = 2, .is_success = true}});
  world.end(process, {.end = AttemptEnd::kExited, .stdout_bytes = 7, .stderr_bytes = 9});
  EXPECT_EQ(row_at(world, 2).stdout_bytes, 7U);
  EXPECT_EQ(row_at(world, 1).state, TaskState::kWaitingRetry);
  EXPECT_EQ(row_at(world, 1).stdout_bytes, 0U);
}

TEST(StreamReports, AFailureWithoutAMessageHasOneAndCountsAsExitStatusOne) {
  StreamWorld world(a_stream(2, 1));
  world.report(world.next_started(), {{.index = 1}});
  const auto details = world.details_at(1);
  EXPECT_EQ(details.message, "The iteration failed, without a message.");
  EXPECT_EQ(details.attempts.at(0).outcome.exit_code, 1);
}

TEST(StreamReports, LeaveTheMessageOfTheFirstIterationAsItWas) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .error = "bad"}});
  world.report(process, {{.index = 1, .is_success = true}, {.index = 2, .is_success = true}});
  world.exit(process);
  EXPECT_EQ(world.details_at(0).message, "bad");
}

TEST(StreamReports, OfAnIterationOfAnotherProcessAreNotRecorded) {
  StreamWorld world(a_stream(4, 2), 2);
  const StartAttempt one = world.next_started();
  const StartAttempt two = world.next_started();
  ASSERT_EQ(indices(two), (std::vector<std::uint32_t>{1, 3}));
  world.report(one, {{.index = 3, .is_success = true}});
  EXPECT_EQ(world.state_at(3), TaskState::kStreaming);
}

TEST(StreamReports, OfATaskThatIsNoStreamAreNotRecorded) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const TaskRow row = world.row_of(run, "t");
  const std::size_t before = world.events.size();
  EXPECT_TRUE(world.turn(ReportOutcomes{.worker = row.worker,
                                        .attempt = row.attempt,
                                        .fence = row.fence,
                                        .is_ready = true,
                                        .entries = {{.index = 0, .is_success = true}}}));
  EXPECT_EQ(world.events.size(), before);
}

TEST(StreamEnds, WhoHasBegunIsChargedForTheFirstAloneAndWhoHasNotForAll) {
  struct Case {
    const char* name;
    bool is_ready;
    std::vector<model::StreamOutcome> entries;
    std::size_t failed;
  };
  const Case cases[] = {
      {"said that it was ready", true, {}, 1},
      {"had an outcome", false, {{.index = 3, .is_success = true}}, 1},
      {"spoke of nothing that it has", false, {{.index = 9, .is_success = true}}, 4},
      {"said nothing", false, {}, 4},
  };
  for (const Case& row : cases) {
    StreamWorld world(a_stream(4, 1));
    const StartAttempt process = world.next_started();
    world.turn(ReportOutcomes{.worker = process.worker,
                              .attempt = process.spec.attempt,
                              .fence = process.spec.fence,
                              .is_ready = row.is_ready,
                              .entries = row.entries});
    world.end(process, kKilled);
    EXPECT_EQ(world.count(TaskState::kFailed), row.failed) << row.name;
  }
}

TEST(StreamEnds, AProcessHasNotBegunBecauseTheOneBeforeItHad) {
  StreamWorld world(a_stream(3, 1, an_inner().retries(1)));
  StartAttempt process = world.next_started();
  world.report(process, {});
  world.end(process, kKilled);  // Charged to 0, which is repeated.
  process = world.next_started();
  ASSERT_EQ(world.row_of(world.id, "loop").state, TaskState::kDelegated);
  ASSERT_EQ(row_at(world, 1).state, TaskState::kRunning) << "1 holds the attempt";
  ASSERT_EQ(indices(process), from_to(0, 2));
  world.report(process, {});
  world.end(process, kKilled);  // Charged to 0, which has failed.
  process = world.next_started();
  ASSERT_EQ(indices(process), from_to(1, 2));
  world.end(process, kKilled);
  EXPECT_EQ(world.details_at(1).attempts.size(), 1U);
  EXPECT_EQ(world.details_at(2).attempts.size(), 1U);
}

TEST(StreamEnds, ADeathThatIsRepeatedLaterMakesRoomAtOnce) {
  StreamWorld world(a_stream(2, 1, an_inner().retries(1).retry_interval(hours(1)), 1));
  const StartAttempt process = world.next_started();
  world.report(process, {});
  world.end(process, kKilled);
  EXPECT_EQ(world.state_at(0), TaskState::kWaitingRetry);
  EXPECT_EQ(indices(world.next_process()), from_to(1, 1));
}

TEST(StreamEnds, EachIterationThatIsLostWithItsWorkerIsCountedAsLost) {
  StreamWorld world(a_stream(3, 1));
  world.report(world.next_started(), {});
  world.register_worker("w", 1, "boot-2");
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    EXPECT_EQ(row_at(world, index).lost_attempts, 1U) << index;
  }
}

TEST(StreamEnds, WhatIsStoppedEndsAsTheStopSaysHoweverItsProcessEnds) {
  for (const bool by_timeout : {false, true}) {
    StreamWorld world(a_stream(2, 1).timeout(seconds(60)));
    const StartAttempt process = world.next_started();
    if (by_timeout) {
      world.pass(seconds(60));
      world.end(process, {.end = AttemptEnd::kCancelled});
    } else {
      world.turn(CancelRun{.run = world.id});
      world.exit(process);
    }
    const TaskState expected = by_timeout ? TaskState::kTimedOut : TaskState::kCancelled;
    EXPECT_EQ(world.states(), (std::vector{expected, expected}));
    EXPECT_EQ(world.details_at(0).message, "Stopped before it had an outcome.");
    EXPECT_EQ(world.details_at(1).message, "Stopped before it had an outcome.");
  }
}

TEST(Streams, ALeaseCarriesInputsUpToItsLimitAndNoMore) {
  // Two inputs, each a string in quotes and 16 bytes beside it.
  constexpr std::size_t kOverhead = 2 * (16 + 2);
  for (const std::size_t surplus : {0U, 1U}) {
    const std::string longer(limits::kMaxStreamLeaseBytes - kOverhead - 1 + surplus, 'x');
    const std::string inputs = "[\"y\",\"" + longer + "\"]";
    StreamWorld world(a_task("loop").for_each(inputs, an_inner()).stream());
    EXPECT_EQ(indices(world.next_process()), from_to(0, surplus == 0 ? 1 : 0)) << surplus;
  }
}

}  // namespace
}  // namespace sheaf::core
