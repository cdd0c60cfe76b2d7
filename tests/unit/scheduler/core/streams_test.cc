#include "tests/unit/scheduler/core/stream_world.h"

namespace sheaf::core {
namespace {

TEST(Streams, OneProcessGetsAnEqualShareOfAllInputs) {
  StreamWorld world(a_stream(10, 2), 8);
  EXPECT_EQ(indices(world.next_process()), (std::vector<std::uint32_t>{0, 2, 3, 4, 5}));
  EXPECT_EQ(indices(world.next_process()), (std::vector<std::uint32_t>{1, 6, 7, 8, 9}));
  EXPECT_TRUE(world.take_starts().empty());
}

TEST(Streams, AProcessGetsNoMoreThanAChunkAndTheNextOneGoesOn) {
  StreamWorld world(a_stream(10, 1, an_inner(), 4));
  const StartAttempt first = world.next_started();
  EXPECT_EQ(indices(first), from_to(0, 3));
  EXPECT_EQ(first.spec.stream[3].json, "3");
  world.report_all(first);
  world.exit(first);
  const StartAttempt second = world.next_started();
  EXPECT_EQ(indices(second), from_to(4, 7));
  EXPECT_NE(second.spec.attempt, first.spec.attempt);
  world.report_all(second);
  world.exit(second);
  const StartAttempt last = world.next_started();
  EXPECT_EQ(indices(last), from_to(8, 9));
  world.report_all(last);
  world.exit(last);
  EXPECT_EQ(world.run(world.id).state, RunState::kSucceeded);
  EXPECT_EQ(world.count(TaskState::kSucceeded), 10U);
}

TEST(Streams, InputsOfAProcessHaveABound) {
  const std::string half(limits::kMaxStreamLeaseBytes / 2, 'x');
  const std::string inputs = "[\"" + half + "\",\"" + half + "\",1]";
  StreamWorld world(a_task("loop").for_each(inputs, an_inner()).stream());
  EXPECT_EQ(indices(world.next_process()), from_to(0, 0));
}

TEST(Streams, AProcessTakesOneSlotAndOnePlace) {
  StreamWorld world(a_stream(100, 3), 2);
  EXPECT_EQ(world.state.workers.begin()->second.attempts.size(), 2U);
  EXPECT_EQ(world.state.attempts.size(), 2U);
  EXPECT_EQ(world.count(TaskState::kReady), 1U);
  EXPECT_EQ(world.take_starts().size(), 2U);
}

TEST(Streams, AnOutcomeEndsItsIterationAlone) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 2, .is_success = true}, {.index = 3, .error = "bad"}});
  EXPECT_EQ(world.state_at(2), TaskState::kSucceeded);
  EXPECT_EQ(world.state_at(3), TaskState::kFailed);
  EXPECT_EQ(world.details_at(3).message, "bad");
  EXPECT_EQ(world.state_at(0), TaskState::kRunning);
  EXPECT_EQ(world.state_at(1), TaskState::kStreaming);
  EXPECT_EQ(world.state_of(world.id, "loop"), TaskState::kDelegated);
}

TEST(Streams, WhatIsRecordedStays) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}, {.index = 1, .is_success = true}});
  const std::size_t before = world.events.size();
  world.report(process,
               {{.index = 0, .error = "again"},
                {.index = 1, .error = "again"},
                {.index = 4'000'000'000, .is_success = true},
                {.index = 4, .is_success = true}});
  EXPECT_EQ(world.events.size(), before);
  world.report(process, {{.index = 2, .is_success = true}, {.index = 2, .error = "twice"}});
  EXPECT_EQ(world.state_at(2), TaskState::kSucceeded);
}

TEST(Streams, AReportUnderAnotherLeaseIsNotRecorded) {
  StreamWorld world(a_stream(4, 1));
  StartAttempt process = world.next_started();
  ++process.spec.fence;
  world.report_all(process);
  EXPECT_EQ(world.count(TaskState::kSucceeded), 0U);
}

TEST(Streams, OutcomesSayThatTheProcessHasStarted) {
  StreamWorld world(a_stream(4, 1));
  world.report(world.next_process(), {{.index = 1, .is_success = true}});
  EXPECT_EQ(world.state_at(0), TaskState::kRunning);
  EXPECT_NE(world.iteration_row(world.id, "loop", 0).started, kNoTime);
}

TEST(Streams, ARefusedLeaseGivesItsIterationsBack) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_process();
  world.turn(ReportRejected{.worker = process.worker,
                            .attempt = process.spec.attempt,
                            .fence = process.spec.fence,
                            .reason = "no room"});
  EXPECT_EQ(world.count(TaskState::kBlocked), 3U);
  EXPECT_EQ(world.state_at(0), TaskState::kReady);
  world.register_worker("other", 1);
  EXPECT_EQ(indices(world.next_process()), from_to(0, 3));
}

TEST(Streams, ACancelStopsTheProcessAndKeepsWhatCameBefore) {
  StreamWorld world(a_stream(6, 1, an_inner().retries(3), 4));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}});
  world.turn(CancelRun{.run = world.id});
  EXPECT_EQ(world.take_stops().size(), 1U);
  world.report(process, {{.index = 1, .is_success = true}, {.index = 2, .error = "stopped"}});
  world.end(process, {.end = AttemptEnd::kCancelled});
  EXPECT_EQ(world.states(),
            (std::vector<TaskState>{TaskState::kSucceeded,
                                    TaskState::kSucceeded,
                                    TaskState::kFailed,
                                    TaskState::kCancelled,
                                    TaskState::kCancelled,
                                    TaskState::kCancelled}));
  EXPECT_EQ(world.run(world.id).state, RunState::kCancelled);
}

TEST(Streams, OneIterationOfAProcessCannotBeCancelled) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_started();
  const auto judged = world.turn(CancelRun{.run = world.id, .attempt = process.spec.attempt});
  ASSERT_FALSE(judged.has_value());
  EXPECT_EQ(judged.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(world.take_stops().empty());
}

TEST(Streams, GoOnAfterARestartOfTheScheduler) {
  StreamWorld world(a_stream(6, 2, an_inner().retries(1)), 2);
  const StartAttempt one = world.next_started();
  const StartAttempt two = world.next_started();
  world.report(one, {{.index = 0, .error = "first"}, {.index = 2, .is_success = true}});
  world.restart();
  world.register_worker("w", 2, "boot-1", {world.held_by(one), world.held_by(two)});
  EXPECT_TRUE(world.take_starts().empty());
  world.report_all(two);
  world.exit(two);
  world.exit(one);
  EXPECT_EQ(world.details_at(0).attempts.front().outcome.message, "first");
  std::vector<std::uint32_t> again;
  while (world.run(world.id).state == RunState::kRunning) {
    const StartAttempt next = world.next_started();
    std::ranges::copy(indices(next), std::back_inserter(again));
    world.report_all(next);
    world.exit(next);
  }
  std::ranges::sort(again);
  EXPECT_EQ(again, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(world.run(world.id).state, RunState::kSucceeded);
}

TEST(Streams, ALeaseThatNeverArrivedIsSentAgainWhole) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_process();
  world.restart();
  world.register_worker("w", 1);
  const StartAttempt again = world.next_process();
  EXPECT_EQ(again.spec, process.spec);
}

TEST(Streams, ARepairRunsTheFailedIterationsAlone) {
  StreamWorld world(a_stream(5, 1));
  const StartAttempt process = world.next_started();
  world.report(process,
               {{.index = 0, .is_success = true},
                {.index = 1, .error = "x"},
                {.index = 2, .is_success = true},
                {.index = 3, .error = "x"},
                {.index = 4, .is_success = true}});
  world.exit(process);
  EXPECT_EQ(world.run(world.id).state, RunState::kFailed);
  ASSERT_TRUE(world.turn(RepairRun{.run = world.id, .all_failed = true}));
  const StartAttempt repair = world.next_started();
  EXPECT_EQ(indices(repair), (std::vector<std::uint32_t>{1, 3}));
  world.report_all(repair);
  world.exit(repair);
  EXPECT_EQ(world.run(world.id).state, RunState::kSucceeded);
}

TEST(Streams, SuccessesLeaveNothingBesideTheirRows) {
  StreamWorld world(a_stream(50, 1));
  const StartAttempt process = world.next_started();
  world.report_all(process);
  world.exit(process);
  for (std::uint32_t i = 0; i < 50; ++i) {
    EXPECT_TRUE(world.details_at(i).is_empty()) << i;
  }
}

TEST(Streams, EachRowOfAProcessKnowsTheLengthOfItsLogs) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}, {.index = 2, .error = "bad"}});
  world.end(process, {.end = AttemptEnd::kExited, .stdout_bytes = 7, .stderr_bytes = 9});
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    EXPECT_EQ(world.iteration_row(world.id, "loop", index).stdout_bytes, 7U);
    EXPECT_EQ(world.iteration_row(world.id, "loop", index).stderr_bytes, 9U);
  }
}

TEST(Streams, WhyNamesTheProcessOfAnIteration) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_started();
  const auto answer = world.turn(Explain{.run = world.id, .task_key = "loop"});
  ASSERT_TRUE(answer.has_value());
  const auto& reasons = std::get<ExplainReply>(*answer).explanation.reasons;
  ASSERT_EQ(reasons.size(), 1U);
  ASSERT_EQ(reasons[0].because.size(), 1U);
  EXPECT_EQ(reasons[0].because[0].message, "loop[0] runs on worker w.");
}

TEST(Streams, WhyOfAProcessSpeaksOfAnIterationThatIsNotOver) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_started();
  world.report_all(process);
  const auto answer = world.turn(Explain{.run = world.id, .attempt = process.spec.attempt});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(std::get<ExplainReply>(*answer).explanation.task_key, "loop[0]");
}

}  // namespace
}  // namespace sheaf::core
