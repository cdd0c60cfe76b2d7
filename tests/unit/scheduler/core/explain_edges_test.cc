// Explanations asked for in the middle of a batch, of long lists, and of what is being stopped.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_runs.h"
#include "tests/unit/scheduler/core/explanations.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_parent_and_a_child;
using tests::a_task;
using tests::codes;
using tests::Codes;
using tests::codes_of;
using tests::CoreWorld;
using tests::why;

/// The end of a task's attempt, as its worker reports it.
ReportResult ended(const TaskRow& row) {
  return {.worker = row.worker,
          .attempt = row.attempt,
          .fence = row.fence,
          .outcome = {.end = AttemptEnd::kExited, .tree_empty = true}};
}

/// The reasons that a question finds in the same batch, right behind `command`.
std::vector<Reason> why_after(CoreWorld& world, const Command& command, const Explain& question) {
  const auto replies = world.turn_all({command, question});
  return std::get<ExplainReply>(replies.at(1).value()).explanation.reasons;
}

TEST(ExplainInBatch, ARunWhoseTasksAreOverIsAboutToEnd) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const auto reasons = why_after(world, ended(world.row_of(run, "t")), {.run = run});
  ASSERT_EQ(codes(reasons), Codes{"DUE"});
  EXPECT_EQ(reasons[0].message, "All of its tasks are over: it is about to end.");
  EXPECT_EQ(reasons[0].run, run);
}

TEST(ExplainInBatch, ATaskWhoseDependenciesAreOverIsAboutToStart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
  const auto end = ended(world.row_of(run, "a"));
  const auto reasons = why_after(world, end, {.run = run, .task_key = "b"});
  ASSERT_EQ(codes(reasons), Codes{"DUE"});
  EXPECT_EQ(reasons[0].message, "All that it depends on has finished: it is about to start.");
  EXPECT_EQ(reasons[0].task_key, "b");
}

TEST(ExplainInBatch, ABlockedTaskWithoutOpenDependenciesHoldsUpWhatComesBehindIt) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
  const auto reasons =
      why_after(world, ended(world.row_of(run, "a")), {.run = run, .task_key = "c"});
  ASSERT_EQ(codes(reasons), Codes{"DEPENDENCY_NOT_FINISHED"});
  EXPECT_EQ(reasons[0].task_key, "b");
  EXPECT_TRUE(reasons[0].through.empty());
  EXPECT_EQ(codes(reasons[0].because), Codes{"DUE"});
}

TEST(ExplainInBatch, TheRunTellsOfTheTaskThatIsAboutToStart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a"))));
  const auto reasons = why_after(world, ended(world.row_of(run, "a")), {.run = run});
  ASSERT_EQ(codes(reasons), Codes{"DUE"});
  EXPECT_EQ(reasons[0].task_key, "b");
}

TEST(ExplainInBatch, WhatHasNotStartedOfARunThatIsStoppedWillNot) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("a")).task(a_task("b")).task(a_task("c").after("a"))));
  const auto ready = why_after(world, CancelRun{.run = run}, {.run = run, .task_key = "b"});
  ASSERT_EQ(codes(ready), Codes{"STOPPING"});
  EXPECT_EQ(ready[0].message, "The run is being stopped: b will not start.");
}

TEST(ExplainInBatch, AStoppingRunDoesNotListWhatIsBlocked) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a"))));
  const AttemptId other = world.row_of(run, "b").attempt;
  ASSERT_TRUE(other.is_valid());
  const auto replies =
      world.turn_all({ended(world.row_of(run, "a")), CancelRun{.run = run}, Explain{.run = run}});
  const auto& reasons = std::get<ExplainReply>(replies.at(2).value()).explanation.reasons;
  ASSERT_EQ(codes(reasons), Codes{"STOPPING"});
  EXPECT_TRUE(reasons[0].because.empty());
}

TEST(ExplainInBatch, AnIterationWithAPlaceIsAboutToStart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("each").for_each("[1, 2]", a_task("i")))));
  const AttemptId second = world.iteration_row(run, "each", 1).attempt;
  const auto reasons =
      why_after(world, ended(world.iteration_row(run, "each", 0)), {.run = run, .attempt = second});
  ASSERT_EQ(codes(reasons), Codes{"DUE"});
  EXPECT_EQ(reasons[0].message, "There is a place for one more iteration: it is about to start.");
  EXPECT_EQ(reasons[0].iteration, 1U);
  EXPECT_EQ(reasons[0].task_key, "each");
}

TEST(ExplainInBatch, AReadyTaskWithAFreeWorkerIsBeingGivenToIt) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const auto reasons =
      why_after(world, RegisterWorker{.name = "w", .slots = 1}, {.run = run, .task_key = "t"});
  ASSERT_EQ(codes(reasons), Codes{"DUE"});
  EXPECT_EQ(reasons[0].message, "t: Nothing holds it up: it is being given to a worker.");
}

TEST(ExplainInBatch, AFreePlaceIsForWhoWaitedLonger) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "none", .slots = 0});
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("first")).task(a_task("second"))));
  const auto reasons =
      why_after(world, RegisterWorker{.name = "w", .slots = 1}, {.run = run, .task_key = "second"});
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_SLOT"});
  EXPECT_EQ(reasons[0].message, "second: 1 task that waited longer come first.");
  EXPECT_EQ(reasons[0].position, 2);
  EXPECT_EQ(reasons[0].used, 0);
  EXPECT_EQ(reasons[0].limit, 1);
}

TEST(ExplainStops, ADelegatedTaskThatIsStoppedWaitsForItsRun) {
  CoreWorld world;
  world.register_worker("w", 2);
  const auto jobs = world.deploy_all(a_parent_and_a_child());
  const RunId run = world.submit(jobs[0]);
  const AttemptId call = world.row_of(run, "call").attempt;
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = call}).has_value());
  const auto reasons = why(world, run, "call");
  ASSERT_EQ(codes(reasons), Codes{"STOPPING"});
  EXPECT_EQ(reasons[0].message, "call is being stopped.");
  ASSERT_EQ(codes(reasons[0].because), Codes{"WAITING_FOR_CHILD_RUN"});
  EXPECT_EQ(codes(reasons[0].because[0].because), Codes{"STOPPING"});
}

TEST(ExplainStops, ATaskThatRanIntoItsTimeoutSaysSo) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").timeout(std::chrono::seconds(5)))));
  world.start(run, "t");
  world.pass(std::chrono::seconds(35));
  const auto reasons = why(world, run, "t");
  ASSERT_EQ(codes(reasons), Codes{"STOPPING"});
  EXPECT_EQ(reasons[0].message,
            "t is being stopped, since it ran into its timeout: worker w has not said yet that its "
            "processes are gone.");
}

TEST(ExplainDelegated, ATaskWhoseWorkHasNotBegunIsAboutToBeginIt) {
  CoreWorld world;
  const auto jobs = world.deploy_all(a_parent_and_a_child());
  const RunId run = world.submit(jobs[0]);
  LiveRun& live = *world.state.find_run(run);
  const RunId child = std::exchange(live.details[0].child, RunId{});
  const auto without_child = why(world, run, "call");
  ASSERT_EQ(codes(without_child), Codes{"DUE"});
  EXPECT_EQ(without_child[0].message, "call is about to begin its work.");
  live.details.clear();
  EXPECT_EQ(codes_of(world, run, "call"), Codes{"DUE"});
  live.details[0].child = RunId{999'999};
  apply(world.state, TaskWarned{.run = run, .task = 0, .warning = "changed by hand"});
  const auto gone = why(world, run, "call");
  ASSERT_EQ(codes(gone), Codes{"WAITING_FOR_CHILD_RUN"});
  EXPECT_TRUE(gone[0].because.empty());
  live.details[0].child = child;
}

TEST(ExplainDelegated, IterationsThatAreUnderWayAreListedUpToALimit) {
  CoreWorld world;
  world.register_worker("w", 20);
  const RunId run = world.submit(world.deploy(a_job("j").task(
      a_task("each").for_each("[1,2,3,4,5,6,7,8,9,10,11,12,13,14]", a_task("i"), 13))));
  world.finish_iteration(run, "each", 0);
  world.finish_iteration(run, "each", 2);
  const auto reasons = why(world, run, "each");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_ITERATIONS"});
  EXPECT_EQ(reasons[0].message, "each waits for 12 of its 14 iterations.");
  EXPECT_EQ(reasons[0].used, 12);
  EXPECT_EQ(reasons[0].limit, 13);
  ASSERT_EQ(reasons[0].because.size(), kMaxListedReasons + 1);
  EXPECT_EQ(reasons[0].because[0].iteration, 1U);
  EXPECT_EQ(reasons[0].because[1].iteration, 3U);
  EXPECT_EQ(reasons[0].because.back().code, ReasonCode::kMore);
}

TEST(ExplainDelegated, ARunJobTaskThatWaitsForItsRetryHasNoAttemptToTellOf) {
  CoreWorld world;
  world.register_worker("w", 2);
  const auto jobs =
      world.deploy_all({a_job("parent").task(a_task("call").starts("child").retries(1)),
                        a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  world.finish(world.details_of(run, "call").child, "c", 1);
  const auto reasons = why(world, run, "call");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_RETRY"});
  EXPECT_EQ(reasons[0].message, "call waits until its next attempt.");
  EXPECT_EQ(reasons[0].until, world.now + limits::kRunJobRetryPause);
}

TEST(ExplainLimits, APathNamesNoMoreThanEightTasks) {
  CoreWorld world;
  auto job = a_job("j").task(a_task("t0"));
  for (int i = 1; i <= 12; ++i) {
    job.task(a_task("t" + std::to_string(i)).after("t" + std::to_string(i - 1)));
  }
  const RunId run = world.submit(world.deploy(job));
  const auto reasons = why(world, run, "t12");
  ASSERT_EQ(codes(reasons), Codes{"DEPENDENCY_NOT_FINISHED"});
  EXPECT_EQ(reasons[0].task_key, "t0");
  EXPECT_EQ(reasons[0].through.size(), 8U);
  EXPECT_EQ(reasons[0].through.front(), "t11");
}

TEST(ExplainLimits, AllReasonsTogetherAreLimitedToo) {
  CoreWorld world;
  // Each of ten tasks waits for ten others, each of which has several reasons.
  for (int i = 0; i < 10; ++i) {
    world.register_worker(RegisterWorker{
        .name = "w" + std::to_string(i), .slots = 2, .resources = {.cpu_millis = 1'000}});
  }
  const JobId job =
      world.deploy(a_job("busy").concurrent(20).task(a_task("t").resources({.cpu_millis = 1'000})));
  for (int i = 0; i < 10; ++i) {
    world.submit(job);
  }
  auto wide = a_job("wide");
  for (int i = 0; i < 10; ++i) {
    wide.task(a_task("r" + std::to_string(i)).resources({.cpu_millis = 1'000}));
  }
  for (int i = 0; i < 10; ++i) {
    auto task = a_task("b" + std::to_string(i));
    for (int k = 0; k < 10; ++k) {
      task.after("r" + std::to_string(k));
    }
    wide.task(task);
  }
  auto last = a_task("last");
  for (int i = 0; i < 10; ++i) {
    last.after("b" + std::to_string(i));
  }
  const RunId run = world.submit(world.deploy_all({wide.task(last)}).at(0));
  const auto count = [](const auto& self, const std::vector<Reason>& reasons) -> std::size_t {
    std::size_t sum = reasons.size();
    for (const Reason& reason : reasons) {
      sum += self(self, reason.because);
    }
    return sum;
  };
  const auto reasons = why(world, run, "last");
  EXPECT_EQ(reasons.size(), 10U);
  EXPECT_LE(count(count, reasons), kMaxReasons + 11);
}

TEST(ExplainPlacement, ATaskFarBackInTheQueueHasNoExactPosition) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "w", .slots = 1});
  const JobId job = world.deploy(a_job("j").concurrent(2).task(a_task("t")));
  world.submit(job);
  for (int i = 0; i <= 10'000; ++i) {
    world.state.ready.push({}, {RunId{999'999}, 0});
  }
  const RunId run = world.submit(job);
  const auto reasons = why(world, run, "t");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_SLOT"});
  EXPECT_EQ(reasons[0].position, std::nullopt);
}

TEST(ExplainPlacement, ManyShapesAheadAreNotAllCounted) {
  for (const int shapes : {63, 64}) {
    CoreWorld world;
    world.register_worker(
        RegisterWorker{.name = "w", .slots = 1, .resources = {.cpu_millis = 100'000}});
    auto urgent = a_job("urgent").priority(1);
    for (int i = 0; i <= shapes; ++i) {
      urgent.task(a_task("u" + std::to_string(i)).resources({.cpu_millis = 1'000 + i}));
    }
    const auto jobs = world.deploy_all({urgent, a_job("plain").task(a_task("t"))});
    world.submit(jobs[0]);
    const RunId run = world.submit(jobs[1]);
    const auto reasons = why(world, run, "t");
    ASSERT_EQ(codes(reasons), (Codes{"WAITING_FOR_SLOT", "BEHIND_HIGHER_PRIORITY"}));
    EXPECT_EQ(reasons[1].position.has_value(), shapes < 64);
    EXPECT_EQ(reasons[0].position, reasons[1].position);
  }
}

TEST(ExplainPlacement, WorkersThatCouldNeverHoldItAreNotSpokenOf) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "small", .slots = 1});
  world.register_worker(
      RegisterWorker{.name = "large", .slots = 1, .resources = {.cpu_millis = 2'000}});
  const JobId job =
      world.deploy(a_job("j").concurrent(2).task(a_task("t").resources({.cpu_millis = 2'000})));
  world.submit(job);
  const auto reasons = why(world, world.submit(job), "t");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_SLOT"});
  EXPECT_EQ(reasons[0].limit, 1);
  EXPECT_EQ(reasons[0].used, 1);
}

TEST(ExplainOver, IterationsTellOnlyHowTheyEnded) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("each").for_each("[1, 2]", a_task("i"))).task(a_task("t"))));
  world.finish_iteration(run, "each", 0, 3);
  const AttemptId first = world.iteration_row(run, "each", 0).attempt;
  const auto reply = world.turn(Explain{.run = run, .attempt = first});
  const Explanation& answer = std::get<ExplainReply>(reply.value()).explanation;
  ASSERT_EQ(codes(answer.reasons), Codes{"FINISHED"});
  EXPECT_EQ(answer.task_key, "each[0]");
  EXPECT_EQ(answer.reasons[0].message,
            "each[0] ended as FAILED: Workload failed with exit status 3, see run output for "
            "details");
  EXPECT_EQ(answer.reasons[0].outcome, "FAILED");
}

TEST(ExplainOver, ATaskBehindACancelledOneNamesIt) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("j")
                                                  .task(a_task("a"))
                                                  .task(a_task("b").after("a"))
                                                  .task(a_task("c").after("b"))
                                                  .task(a_task("other"))));
  world.end_as(run, "a", TaskState::kCancelled);
  ASSERT_EQ(world.state_of(run, "c"), TaskState::kUpstreamCancelled);
  const auto reasons = why(world, run, "c");
  ASSERT_EQ(codes(reasons), Codes{"DEPENDENCY_FAILED"});
  EXPECT_EQ(reasons[0].task_key, "a");
  EXPECT_EQ(reasons[0].through, std::vector<std::string>{"b"});
}

std::vector<Reason> why_job(CoreWorld& world, JobId job) {
  const auto reply = world.turn(ExplainJob{.job = job});
  return std::get<ExplainReply>(reply.value()).explanation.reasons;
}

TEST(ExplainJob, AScheduleThatWasNotComputedYetHasNoNextTime) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").schedule("0 0 6 * * ?").task(a_task("t")));
  const auto reasons = why_job(world, job);
  ASSERT_EQ(codes(reasons), Codes{"NEXT_FIRE"});
  EXPECT_EQ(reasons[0].message, "No next time of the job's schedule is known.");
}

TEST(ExplainJob, ANewRunIsHeldUpOnlyWhereAllPlacesAreTaken) {
  CoreWorld world;
  const JobId job =
      world.deploy(a_job("j").hook("h").without_queue().concurrent(12).task(a_task("t")));
  world.submit(job);
  EXPECT_TRUE(why_job(world, job).empty());
  for (int i = 1; i < 12; ++i) {
    world.submit(job);
  }
  const auto reasons = why_job(world, job);
  ASSERT_EQ(codes(reasons), Codes{"CONCURRENCY_REACHED"});
  EXPECT_EQ(reasons[0].message, "12 of at most 12 runs are under way: a new one is skipped.");
  EXPECT_EQ(reasons[0].runs.size(), kMaxListedReasons);
  EXPECT_EQ(reasons[0].used, 12);
}

TEST(ExplainJob, ASkippedFireNamesTheRunThatCoversIt) {
  const Reason skipped = explain_skipped({.reason = "missed", .covered_by = RunId{7}});
  EXPECT_EQ(skipped.runs, std::vector<RunId>{RunId{7}});
}

}  // namespace
}  // namespace sheaf::core
