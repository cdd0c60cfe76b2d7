#include "tests/unit/scheduler/core/stream_world.h"

namespace sheaf::core {
namespace {

TEST(StreamEnds, WhatACleanEndLeavesOpenHasFailed) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}, {.index = 2, .is_success = true}});
  world.exit(process);
  EXPECT_EQ(world.state_at(0), TaskState::kSucceeded);
  EXPECT_EQ(world.state_at(1), TaskState::kFailed);
  EXPECT_EQ(world.details_at(1).message, "The stream ended without an outcome for it.");
  EXPECT_EQ(world.details_of(world.id, "loop").message, "2 of 4 iterations did not succeed");
}

TEST(StreamEnds, ADeathIsChargedToTheFirstOpenIterationAlone) {
  StreamWorld world(a_stream(5, 1, an_inner().retries(1)));
  const StartAttempt first = world.next_started();
  world.report(first, {{.index = 0, .is_success = true}, {.index = 3, .is_success = true}});
  world.end(first, {.end = AttemptEnd::kSignalled, .signal = 9});
  EXPECT_EQ(world.details_at(1).attempts.size(), 1U);
  EXPECT_TRUE(world.details_at(2).is_empty());
  EXPECT_TRUE(world.details_at(4).is_empty());
  // What is left goes on: nothing that was recorded comes again.
  std::vector<std::uint32_t> again;
  while (world.run(world.id).state == RunState::kRunning) {
    const StartAttempt next = world.next_started();
    EXPECT_NE(next.spec.attempt, first.spec.attempt);
    std::ranges::copy(indices(next), std::back_inserter(again));
    world.report_all(next);
    world.exit(next);
  }
  std::ranges::sort(again);
  EXPECT_EQ(again, (std::vector<std::uint32_t>{1, 2, 4}));
  EXPECT_EQ(world.run(world.id).state, RunState::kSucceeded);
}

TEST(StreamEnds, APoisonousInputTakesNoOtherWithIt) {
  StreamWorld world(a_stream(5, 1));
  int processes = 0;
  while (world.run(world.id).state == RunState::kRunning && ++processes < 10) {
    const StartAttempt process = world.next_started();
    world.report(process, {});
    for (const std::uint32_t index : indices(process)) {
      if (index == 2) {
        world.exit(process, 3);
        break;
      }
      world.report(process, {{.index = index, .is_success = true}});
      if (index == indices(process).back()) {
        world.exit(process);
      }
    }
  }
  EXPECT_EQ(processes, 2);
  EXPECT_EQ(world.count(TaskState::kSucceeded), 4U);
  EXPECT_EQ(world.state_at(2), TaskState::kFailed);
}

TEST(StreamEnds, AProgramThatCannotStartFailsAllThatItWasGiven) {
  StreamWorld world(a_stream(6, 1, an_inner(), 3));
  world.exit(world.next_started(), 127);
  EXPECT_EQ(world.count(TaskState::kFailed), 3U);
  world.end(world.next_process(), {.end = AttemptEnd::kNotStarted, .message = "no such file"});
  EXPECT_EQ(world.count(TaskState::kInternalError), 3U);
  EXPECT_EQ(world.run(world.id).state, RunState::kFailed);
}

TEST(StreamEnds, FailedIterationsAreRepeatedAsOthersAre) {
  StreamWorld world(a_stream(3, 1, an_inner().retries(1).retry_interval(Milliseconds{5'000})));
  const StartAttempt first = world.next_started();
  world.report(first, {{.index = 0, .error = "a"}, {.index = 1, .error = "b"}});
  EXPECT_EQ(world.state_at(1), TaskState::kWaitingRetry);
  EXPECT_EQ(world.state_at(0), TaskState::kRunning);
  world.report(first, {{.index = 2, .is_success = true}});
  world.exit(first);
  EXPECT_EQ(world.state_at(0), TaskState::kWaitingRetry);
  EXPECT_TRUE(world.take_starts().empty());
  world.pass(Milliseconds{5'000});
  const StartAttempt again = world.next_started();
  EXPECT_EQ(indices(again), from_to(0, 1));
  world.report(again, {{.index = 0, .is_success = true}, {.index = 1, .error = "c"}});
  world.exit(again);
  EXPECT_EQ(world.state_at(0), TaskState::kSucceeded);
  EXPECT_EQ(world.details_at(0).message, "");
  EXPECT_EQ(world.state_at(1), TaskState::kFailed);
  EXPECT_EQ(world.details_at(1).message, "c");
  EXPECT_EQ(world.details_at(1).attempts.size(), 2U);
}

TEST(StreamEnds, ALostWorkerRepeatsWhatHasNoOutcome) {
  StreamWorld world(a_stream(4, 1, an_inner().max_lost(1)));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 1, .is_success = true}});
  world.register_worker("w", 1, "boot-2");
  EXPECT_EQ(world.state_at(1), TaskState::kSucceeded);
  std::vector<std::uint32_t> again;
  while (world.run(world.id).state == RunState::kRunning) {
    const StartAttempt next = world.next_started();
    std::ranges::copy(indices(next), std::back_inserter(again));
    world.report_all(next);
    world.exit(next);
  }
  std::ranges::sort(again);
  EXPECT_EQ(again, (std::vector<std::uint32_t>{0, 2, 3}));
  EXPECT_EQ(world.run(world.id).state, RunState::kSucceeded);
}

TEST(StreamEnds, ATimeoutIsThatOfTheProcess) {
  StreamWorld world(a_stream(3, 1, an_inner().timeout(std::chrono::seconds{60})));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}});
  world.pass(Milliseconds{90'000});
  EXPECT_EQ(world.take_stops().size(), 1U);
  world.end(process, {.end = AttemptEnd::kCancelled});
  EXPECT_EQ(world.state_at(0), TaskState::kSucceeded);
  EXPECT_EQ(world.state_at(1), TaskState::kTimedOut);
  EXPECT_EQ(indices(world.next_process()), from_to(2, 2));
}

TEST(StreamEnds, WhatIsKnownToBeGoneAfterACancelIsCancelled) {
  StreamWorld world(a_stream(2, 1));
  const StartAttempt process = world.next_started();
  ASSERT_TRUE(world.turn(CancelRun{.run = world.id}));
  world.end(process, {.end = AttemptEnd::kLost});
  EXPECT_EQ(world.states(), (std::vector{TaskState::kCancelled, TaskState::kCancelled}));
}

TEST(StreamEnds, WhatMayLiveAfterACancelIsLostAndNotCancelled) {
  StreamWorld world(a_stream(3, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 1, .is_success = true}});
  ASSERT_TRUE(world.turn(CancelRun{.run = world.id}));
  ASSERT_TRUE(world.turn(
      ReportSilence{.worker = process.worker, .verdict = ReportSilence::Verdict::kLeaseOver}));
  EXPECT_EQ(world.run(world.id).state, RunState::kCancelled);
  EXPECT_EQ(world.state_at(1), TaskState::kSucceeded);
  for (const std::uint32_t index : {0U, 2U}) {
    EXPECT_EQ(world.state_at(index), TaskState::kInternalError);
    ASSERT_EQ(world.details_at(index).attempts.size(), 1U);
    EXPECT_FALSE(world.details_at(index).attempts[0].outcome.tree_empty);
  }
  // A repair gives the same inputs to another process, beside that one.
  ASSERT_TRUE(world.turn(RepairRun{.run = world.id, .all_failed = true}));
  EXPECT_TRUE(world.details_at(0).attempts[0].overlap_possible);
  EXPECT_TRUE(world.details_at(2).attempts[0].overlap_possible);
}

}  // namespace
}  // namespace sheaf::core
