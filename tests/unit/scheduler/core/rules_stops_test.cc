// What a stop, a timeout or a loss makes of an attempt, and what is repeated after it.
#include <algorithm>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

const model::AttemptOutcome kGone{.end = AttemptEnd::kCancelled, .tree_empty = true};

ReportResult result_of(const TaskRow& row, model::AttemptOutcome outcome) {
  return {.worker = row.worker,
          .attempt = row.attempt,
          .fence = row.fence,
          .outcome = std::move(outcome)};
}

TEST(Stops, ATaskThatAUserCancelsIsNotRepeatedHoweverItsAttemptEnds) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").retries(3)).task(a_task("other"))));
  world.start(run, "t");
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = world.row_of(run, "t").attempt}));
  world.finish(run, "t", 1);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(run, "t").attempts.size(), 1U);
}

TEST(Stops, AnAttemptThatTheJobsTimeoutStopsIsNotRepeatedThoughItsTaskRepeatsTimeouts) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j").timeout(seconds(9)).task(a_task("t").retries(3).retry_on_timeout())));
  world.start(run, "t");
  world.pass(seconds(9));
  world.finish(run, "t", kGone);
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kTimedOut);
  EXPECT_EQ(world.run(run).state, RunState::kTimedOut);
}

TEST(Stops, AnIterationIsNotRepeatedOnceItsForEachTaskHasTimedOut) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("j").task(
      a_task("each").timeout(seconds(9)).for_each("[1]", a_task("one").retries(3)))));
  world.start_iteration(run, "each", 0);
  world.pass(seconds(9));
  world.finish_iteration(run, "each", 0, 1);
  EXPECT_EQ(world.iterations_of(run, "each"), std::vector{TaskState::kFailed});
  EXPECT_EQ(world.state_of(run, "each"), TaskState::kTimedOut);
}

TEST(Stops, AForEachTaskWithoutAnythingOnAWorkerEndsAtOnce) {
  for (const bool by_timeout : {false, true}) {
    CoreWorld world;
    const RunId run = world.submit(
        world.deploy(a_job("j")
                         .task(a_task("each").timeout(seconds(9)).for_each("[1, 2]", a_task("one")))
                         .task(a_task("t"))));
    if (by_timeout) {
      world.pass(seconds(9));
    } else {
      ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = world.row_of(run, "each").attempt}));
    }
    EXPECT_EQ(world.iterations_of(run, "each"),
              (std::vector{TaskState::kCancelled, TaskState::kCancelled}));
    EXPECT_EQ(world.state_of(run, "each"),
              by_timeout ? TaskState::kTimedOut : TaskState::kCancelled);
  }
}

TEST(Stops, AnAttemptThatIsLostAtItsTimeoutIsNotRepeated) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").timeout(seconds(5)).retries(3).retry_on_timeout())));
  world.start(run, "t");
  world.pass(seconds(35));
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kStopping);
  world.finish(run, "t", {.end = AttemptEnd::kLost, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kInternalError);
}

TEST(Stops, ALeaseThatIsRefusedDuringItsStopIsGone) {
  CoreWorld world;
  const WorkerId worker = world.register_worker("w", 1).worker;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  const TaskRow row = world.row_of(run, "t");
  ASSERT_TRUE(world
                  .turn(ReportRejected{
                      .worker = worker, .attempt = row.attempt, .fence = row.fence, .reason = "x"})
                  .has_value());
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kCancelled);
  EXPECT_TRUE(world.details_of(run, "t").attempts.at(0).outcome.tree_empty);
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(Stops, ARepeatForgetsWhyTheAttemptBeforeWasStopped) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").timeout(seconds(5)).retries(1).retry_on_timeout())));
  world.start(run, "t");
  world.pass(seconds(35));
  world.finish(run, "t", kGone);
  const TaskRow row = world.row_of(run, "t");
  ASSERT_EQ(row.state, TaskState::kLeased);
  EXPECT_EQ(row.stop_reason, StopReason::kNone);
  EXPECT_EQ(row.started, kNoTime);
  EXPECT_EQ(row.deadline, kNoTime);
}

TEST(Stops, ATimeoutOfOneSecondIsATimeout) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").timeout(seconds(100)).task(a_task("t").timeout(seconds(1)))));
  world.start(run, "t");
  EXPECT_EQ(world.row_of(run, "t").deadline, world.now + seconds(31));
  EXPECT_EQ(world.run(run).deadline, world.now + seconds(100));
  const RunId short_one =
      world.submit(world.deploy(a_job("s").timeout(seconds(1)).task(a_task("t"))));
  EXPECT_EQ(world.run(short_one).deadline, world.now + seconds(1));
}

TEST(Ends, ASignalIsNamedInTheMessage) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.finish(run, "t", {.end = AttemptEnd::kSignalled, .signal = 9, .tree_empty = true});
  EXPECT_EQ(world.details_of(run, "t").message,
            "Workload was ended by signal 9, see run output for details");
}

TEST(Ends, ASignalThatTheFilterDoesNotNameIsNotRepeated) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").retries(1).retry_only_on({.exit_codes = {9}}))));
  world.finish(run, "t", {.end = AttemptEnd::kSignalled, .signal = 9, .tree_empty = true});
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
}

TEST(Ends, AnExitIsAnExitThoughNobodySawItsStartOrProcessesStayBehind) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  const Timestamp end = world.now + seconds(3);
  world.now += seconds(9);
  ASSERT_TRUE(world.turn(result_of(world.row_of(run, "t"),
                                   {.end = AttemptEnd::kExited, .exit_code = 2, .ended = end})));
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kFailed);
  EXPECT_EQ(world.row_of(run, "t").ended, world.now);
  EXPECT_EQ(world.details_of(run, "t").attempts.at(0).outcome.ended, end);
  EXPECT_FALSE(world.details_of(run, "t").attempts.at(0).overlap_possible);
}

TEST(Ends, AResultUnderAnotherLeaseIsRecordedAsIgnored) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  ReportResult report = result_of(world.row_of(run, "t"), kGone);
  ++report.fence;
  const auto step = decide(world.state, {}, report, world.now, 9);
  ASSERT_EQ(step->events.size(), 1U);
  EXPECT_EQ(std::get<OutcomeIgnored>(step->events[0]).attempt, report.attempt);
  EXPECT_EQ(std::get<OutcomeIgnored>(step->events[0]).run, run);
}

TEST(Losses, AreRepeatedAtOnceWhateverTheIntervalAndSayWhereTwoMayHaveOverlapped) {
  for (const bool is_last : {false, true}) {
    CoreWorld world;
    const WorkerId worker = world.register_worker("w", 1).worker;
    world.register_worker("other", 1);
    const RunId run = world.submit(world.deploy(a_job("j").task(
        a_task("t").retries(1).retry_interval(seconds(600)).max_lost(is_last ? 0 : 1))));
    world.start(run, "t");
    ASSERT_EQ(world.row_of(run, "t").worker, worker);
    ASSERT_TRUE(
        world.turn(ReportSilence{.worker = worker, .verdict = ReportSilence::Verdict::kLeaseOver}));
    EXPECT_EQ(world.state_of(run, "t"), is_last ? TaskState::kInternalError : TaskState::kLeased);
    EXPECT_EQ(world.details_of(run, "t").attempts.at(0).overlap_possible, !is_last);
  }
}

TEST(Losses, AnAttemptThatItsWorkerReportsAfterAllGoesOn) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  world.register_worker("w", 1);
  ASSERT_EQ(world.row_of(run, "t").deadline, world.now + limits::kWorkerLease);
  world.start(run, "t");
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kRunning);
  EXPECT_EQ(world.row_of(run, "t").deadline, kNoTime);
}

/// Pauses of tasks that fail for the n-th time, the shortest and the longest of many.
std::pair<Milliseconds, Milliseconds> pauses(Milliseconds first, Milliseconds longest, int n) {
  CoreWorld world;
  world.register_worker("w", 300);
  auto job = a_job("j");
  constexpr int kTasks = 200;
  for (int i = 0; i < kTasks; ++i) {
    job.task(a_task("t" + std::to_string(i)).retries(-1).backoff(first, longest));
  }
  const RunId run = world.submit(world.deploy(job));
  Milliseconds least = longest + first;
  Milliseconds most{0};
  for (int repeat = 1; repeat <= n; ++repeat) {
    std::vector<Command> ends;
    for (int i = 0; i < kTasks; ++i) {
      ends.emplace_back(
          result_of(world.row_of(run, "t" + std::to_string(i)),
                    {.end = AttemptEnd::kExited, .exit_code = 1, .tree_empty = true}));
    }
    world.turn_all(ends);
    for (int i = 0; i < kTasks && repeat == n; ++i) {
      const TaskRow row = world.row_of(run, "t" + std::to_string(i));
      const auto pause = row.state == TaskState::kWaitingRetry
                             ? std::chrono::duration_cast<Milliseconds>(row.deadline - world.now)
                             : Milliseconds{0};
      least = std::min(least, pause);
      most = std::max(most, pause);
    }
    world.pass(first + longest);
  }
  return {least, most};
}

TEST(Backoff, DrawsFromAPauseThatDoublesUpToTheLongest) {
  struct Row {
    seconds first;
    seconds longest;
    int repeat;
    seconds ceiling;
  };
  for (const Row& row : {Row{seconds(10), seconds(80), 1, seconds(10)},
                         Row{seconds(10), seconds(80), 2, seconds(20)},
                         Row{seconds(10), seconds(80), 4, seconds(80)},
                         Row{seconds(10), seconds(80), 6, seconds(80)},
                         Row{seconds(30), seconds(40), 3, seconds(40)},
                         Row{seconds(30), seconds(5), 3, seconds(30)}}) {
    const auto [least, most] = pauses(row.first, row.longest, row.repeat);
    EXPECT_LE(most, row.ceiling) << row.repeat;
    EXPECT_GT(most, row.ceiling * 9 / 10) << row.repeat;
    EXPECT_LT(least, row.ceiling / 10) << row.repeat;
  }
}

TEST(LeaseTasks, OfOneCommandShareTheRoomOfAWorkerAndAPool) {
  CoreWorld world;
  const WorkerId worker = world
                              .register_worker(RegisterWorker{
                                  .name = "w", .slots = 9, .resources = {.cpu_millis = 2'000}})
                              .worker;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  ASSERT_TRUE(world.turn(ReportSilence{.worker = worker}).has_value());
  const RunId run = world.submit(world.deploy(a_job("j")
                                                  .task(a_task("a").resources({.cpu_millis = 900}))
                                                  .task(a_task("b").resources({.cpu_millis = 900}))
                                                  .task(a_task("c").resources({.cpu_millis = 900}))
                                                  .task(a_task("d").pool("p"))
                                                  .task(a_task("e").pool("p"))));
  apply(world.state, WorkerSuspected{.worker = worker, .suspect = false});
  LeaseTasks command;
  for (TaskIndex task = 0; task < 5; ++task) {
    command.leases.push_back({.run = run, .task = task, .worker = worker});
  }
  const auto step = decide(world.state, {}, command, world.now, 9);
  std::vector<std::string> started;
  for (const Effect& effect : step->effects) {
    started.push_back(std::get<StartAttempt>(effect).spec.task_key);
  }
  EXPECT_EQ(started, (std::vector<std::string>{"a", "b", "d"}));
}

}  // namespace
}  // namespace sheaf::core
