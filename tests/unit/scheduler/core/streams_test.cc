#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::TaskBuilder;

std::string numbers(int count) {
  std::string text = "[";
  for (int i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ",") + std::to_string(i);
  }
  return text + "]";
}

TaskBuilder an_inner() {
  return a_task("each").argument("x");
}

TaskBuilder a_stream(int count,
                     int concurrency,
                     const TaskBuilder& inner = an_inner(),
                     int chunk = limits::kDefaultStreamChunk) {
  return a_task("loop").for_each(numbers(count), inner, concurrency).stream(chunk);
}

/// A world with one run of one stream, and the processes that it has started.
struct StreamWorld : CoreWorld {
  explicit StreamWorld(const TaskBuilder& loop, std::uint32_t slots = 1) {
    register_worker("w", slots);
    id = submit(deploy(a_job("j").task(loop)));
  }

  StartAttempt next_process() {
    for (StartAttempt& start : take_starts()) {
      waiting.push_back(std::move(start));
    }
    EXPECT_FALSE(waiting.empty()) << "no process was started";
    StartAttempt first = waiting.front();
    waiting.pop_front();
    return first;
  }

  StartAttempt next_started() {
    StartAttempt process = next_process();
    turn(ReportStarted{.worker = process.worker,
                       .attempt = process.spec.attempt,
                       .fence = process.spec.fence,
                       .started = now});
    return process;
  }

  void report(const StartAttempt& process, std::vector<model::StreamOutcome> entries) {
    EXPECT_TRUE(turn(ReportOutcomes{.worker = process.worker,
                                    .attempt = process.spec.attempt,
                                    .fence = process.spec.fence,
                                    .is_ready = true,
                                    .entries = std::move(entries)}));
  }

  void report_all(const StartAttempt& process) {
    std::vector<model::StreamOutcome> entries;
    for (const model::StreamInput& input : process.spec.stream) {
      entries.push_back({.index = input.index, .is_success = true});
    }
    report(process, std::move(entries));
  }

  void end(const StartAttempt& process, model::AttemptOutcome outcome) {
    outcome.tree_empty = true;
    outcome.started = now;
    turn(ReportResult{.worker = process.worker,
                      .attempt = process.spec.attempt,
                      .fence = process.spec.fence,
                      .outcome = std::move(outcome)});
  }

  void exit(const StartAttempt& process, int code = 0) {
    end(process, {.end = AttemptEnd::kExited, .exit_code = code});
  }

  static HeldAttempt held_by(const StartAttempt& process) {
    return {.attempt = process.spec.attempt,
            .fence = process.spec.fence,
            .state = HeldAttempt::State::kRunning};
  }

  std::vector<TaskState> states() const { return iterations_of(id, "loop"); }
  TaskState state_at(std::uint32_t index) const { return iteration_row(id, "loop", index).state; }
  std::size_t count(TaskState state) const {
    return static_cast<std::size_t>(std::ranges::count(states(), state));
  }
  TaskDetails details_at(std::uint32_t index) const {
    const StoredRun& stored = stored_runs().at(id);
    const auto found = stored.details.find(stored.record.blocks[0].first + index);
    return found == stored.details.end() ? TaskDetails{} : found->second;
  }

  RunId id;
  std::deque<StartAttempt> waiting;
};

std::vector<std::uint32_t> indices(const StartAttempt& process) {
  std::vector<std::uint32_t> list;
  for (const model::StreamInput& input : process.spec.stream) {
    list.push_back(input.index);
  }
  return list;
}

std::vector<std::uint32_t> from_to(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> list(last - first + 1);
  std::iota(list.begin(), list.end(), first);
  return list;
}

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

TEST(Streams, WhatACleanEndLeavesOpenHasFailed) {
  StreamWorld world(a_stream(4, 1));
  const StartAttempt process = world.next_started();
  world.report(process, {{.index = 0, .is_success = true}, {.index = 2, .is_success = true}});
  world.exit(process);
  EXPECT_EQ(world.state_at(0), TaskState::kSucceeded);
  EXPECT_EQ(world.state_at(1), TaskState::kFailed);
  EXPECT_EQ(world.details_at(1).message, "The stream ended without an outcome for it.");
  EXPECT_EQ(world.details_of(world.id, "loop").message, "2 of 4 iterations did not succeed");
}

TEST(Streams, ADeathIsChargedToTheFirstOpenIterationAlone) {
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

TEST(Streams, APoisonousInputTakesNoOtherWithIt) {
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

TEST(Streams, AProgramThatCannotStartFailsAllThatItWasGiven) {
  StreamWorld world(a_stream(6, 1, an_inner(), 3));
  world.exit(world.next_started(), 127);
  EXPECT_EQ(world.count(TaskState::kFailed), 3U);
  world.end(world.next_process(), {.end = AttemptEnd::kNotStarted, .message = "no such file"});
  EXPECT_EQ(world.count(TaskState::kInternalError), 3U);
  EXPECT_EQ(world.run(world.id).state, RunState::kFailed);
}

TEST(Streams, FailedIterationsAreRepeatedAsOthersAre) {
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

TEST(Streams, ALostWorkerRepeatsWhatHasNoOutcome) {
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

TEST(Streams, ATimeoutIsThatOfTheProcess) {
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

}  // namespace
}  // namespace sheaf::core
