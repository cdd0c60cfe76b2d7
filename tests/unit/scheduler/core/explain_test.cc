// Explanations of what lives, and how reasons lead back to what holds things up.
#include "scheduler/core/explain.h"

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/unit/scheduler/core/explanations.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::Codes;
using tests::codes;
using tests::codes_of;
using tests::CoreWorld;
using tests::explained;
using tests::why;

RegisterWorker a_worker(std::string name, std::uint32_t slots) {
  return {.name = std::move(name),
          .boot_id = "boot-1",
          .version = "test",
          .slots = slots,
          .resources = {.cpu_millis = 4'000, .memory_bytes = 1'000}};
}

WorkerId id_of(const CoreWorld& world, const std::string& worker) {
  return world.state.workers_by_name.at(worker);
}

TEST(Explain, ABlockedTaskLeadsBackToWhatHoldsItUp) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
  world.start(run, "a");
  const auto reasons = why(world, run, "c");
  ASSERT_EQ(codes(reasons), Codes{"DEPENDENCY_NOT_FINISHED"});
  EXPECT_EQ(reasons[0].task_key, "a");
  EXPECT_EQ(reasons[0].through, std::vector<std::string>{"b"});
  EXPECT_EQ(reasons[0].message, "c waits for a (through b), which has not finished.");
  ASSERT_EQ(codes(reasons[0].because), Codes{"RUNNING"});
  EXPECT_EQ(reasons[0].because[0].worker, "w");
}

TEST(Explain, ManyDependenciesAreListedUpToALimit) {
  CoreWorld world;
  auto job = a_job("j");
  auto last = a_task("last");
  for (int i = 0; i < 50; ++i) {
    job.task(a_task("t" + std::to_string(i)));
    last.after("t" + std::to_string(i));
  }
  const RunId run = world.submit(world.deploy(job.task(last)));
  const auto reasons = why(world, run, "last");
  EXPECT_EQ(reasons.size(), kMaxListedReasons + 1);
  EXPECT_EQ(reasons.back().code, ReasonCode::kMore);
  EXPECT_EQ(why(world, run).back().code, ReasonCode::kMore);
}

TEST(Explain, WithoutWorkersThatIsTheReason) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  EXPECT_EQ(codes_of(world, run, "t"), Codes{"NO_WORKER_REGISTERED"});
  EXPECT_EQ(codes_of(world, run), Codes{"NO_WORKER_REGISTERED"});
  EXPECT_EQ(explained(world, run, "t").state, "READY");
}

TEST(Explain, ARequestThatNoWorkerMeetsSaysWhatIsMissing) {
  CoreWorld world;
  world.register_worker(a_worker("w", 2));
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").resources({.cpu_millis = 8'000}))));
  const auto reasons = why(world, run, "t");
  ASSERT_EQ(codes(reasons), Codes{"NO_WORKER_FITS"});
  EXPECT_EQ(reasons[0].message,
            "t: No registered worker has 8 cpu; the most cpu of one worker is 4.");
}

TEST(Explain, FullSlotsGiveThePositionAmongThoseThatWait) {
  CoreWorld world;
  world.register_worker(a_worker("w", 1));
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b")).task(a_task("c"))));
  const auto reasons = why(world, run, "c");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_SLOT"});
  EXPECT_EQ(reasons[0].position, 2);
  EXPECT_EQ(reasons[0].used, 1);
  EXPECT_EQ(reasons[0].limit, 1);
}

TEST(Explain, AWorkerWithAFreeSlotMayStillBeBusy) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("a").resources({.cpu_millis = 3'000}))
                                    .task(a_task("b").resources({.cpu_millis = 3'000}))));
  const auto reasons = why(world, run, "b");
  ASSERT_EQ(codes(reasons), Codes{"WORKER_BUSY"});
  EXPECT_EQ(reasons[0].worker, "w");
  EXPECT_EQ(reasons[0].message, "b: Worker w has a free slot, but other tasks use its cpu.");
}

TEST(Explain, AWorkerThatIsNotHeardOfGetsNothing) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  ASSERT_TRUE(world.turn(ReportSilence{.worker = id_of(world, "w")}));
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  const auto reasons = why(world, run, "t");
  ASSERT_EQ(codes(reasons), Codes{"WORKER_SUSPECT"});
  EXPECT_EQ(reasons[0].worker, "w");
}

TEST(Explain, AnAttemptOnASuspectWorkerSaysBoth) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  EXPECT_EQ(codes_of(world, run, "t"), Codes{"STARTING"});
  world.start(run, "t");
  ASSERT_TRUE(world.turn(ReportSilence{.worker = id_of(world, "w")}));
  EXPECT_EQ(codes_of(world, run, "t"), (Codes{"RUNNING", "WORKER_SUSPECT"}));
}

TEST(Explain, AnAttemptThatItsWorkerForgotTellsUntilWhenItMayComeBack) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  world.start(run, "t");
  world.register_worker("w", 1);
  const auto reasons = why(world, run, "t");
  ASSERT_EQ(codes(reasons).back(), "LOSS_EXPECTED");
  EXPECT_EQ(reasons.back().until, world.now + limits::kWorkerLease);
}

TEST(Explain, PoolsThatAreFullOrPausedSaySo) {
  CoreWorld world;
  world.register_worker(a_worker("w", 4));
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}));
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("a").pool("p")).task(a_task("b").pool("p"))));
  const auto full = why(world, run, "b");
  ASSERT_EQ(codes(full), Codes{"POOL_FULL"});
  EXPECT_EQ(full[0].pool, "p");
  EXPECT_EQ(full[0].used, 1);
  EXPECT_EQ(full[0].limit, 1);
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 0}));
  EXPECT_EQ(codes_of(world, run, "b"), Codes{"POOL_PAUSED"});
}

TEST(Explain, TasksOfGreaterPriorityComeFirst) {
  CoreWorld world;
  world.register_worker(a_worker("w", 1));
  const auto jobs = world.deploy_all({a_job("first").priority(9).task(a_task("t")),
                                      a_job("high").priority(5).task(a_task("t")),
                                      a_job("low").task(a_task("t"))});
  world.submit(jobs[0]);
  const RunId low = world.submit(jobs[2]);
  const RunId high = world.submit(jobs[1]);
  const auto reasons = why(world, low, "t");
  ASSERT_EQ(codes(reasons), (Codes{"WAITING_FOR_SLOT", "BEHIND_HIGHER_PRIORITY"}));
  EXPECT_EQ(reasons[1].position, 2);
  EXPECT_EQ(codes_of(world, high, "t"), Codes{"WAITING_FOR_SLOT"});
}

TEST(Explain, TasksThatNobodyCanHoldStandInNobodysWay) {
  CoreWorld world;
  world.register_worker(a_worker("w", 1));
  const auto jobs =
      world.deploy_all({a_job("huge").priority(9).task(a_task("t").resources({.gpus = 8})),
                        a_job("j").task(a_task("a")).task(a_task("b"))});
  world.submit(jobs[0]);
  const RunId run = world.submit(jobs[1]);
  const auto reasons = why(world, run, "b");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_SLOT"});
  EXPECT_EQ(reasons[0].position, 1);
}

TEST(Explain, AQueuedRunTellsItsPositionAndWhatIsAhead) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId first = world.submit(job);
  const RunId second = world.submit(job);
  const RunId third = world.submit(job);
  const auto reasons = why(world, third);
  ASSERT_EQ(codes(reasons), Codes{"RUN_QUEUED"});
  EXPECT_EQ(reasons[0].position, 2);
  EXPECT_EQ(reasons[0].limit, 1);
  EXPECT_EQ(reasons[0].runs, (std::vector<RunId>{first, second}));
  EXPECT_EQ(codes_of(world, third, "t"), Codes{"RUN_QUEUED"});
}

TEST(Explain, ARetryTellsWhenAndWhatHappened) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").retries(1).retry_interval(Milliseconds(60'000)))));
  world.finish(run, "t", 3);
  const auto reasons = why(world, run, "t");
  ASSERT_EQ(reasons.size(), 1U);
  EXPECT_EQ(reasons[0].code, ReasonCode::kWaitingForRetry);
  EXPECT_EQ(reasons[0].until, world.row_of(run, "t").deadline);
}

TEST(Explain, AForEachTaskLeadsToItsIterations) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("each").for_each("[1,2,3]", a_task("i")))));
  const auto reasons = why(world, run, "each");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_ITERATIONS"});
  ASSERT_EQ(codes(reasons[0].because), Codes{"STARTING"});
  EXPECT_EQ(reasons[0].because[0].iteration, 0U);
  const AttemptId waiting = world.iteration_row(run, "each", 2).attempt;
  const auto reply = world.turn(Explain{.run = run, .attempt = waiting});
  ASSERT_TRUE(reply);
  const Explanation& answer = std::get<ExplainReply>(*reply).explanation;
  EXPECT_EQ(answer.task_key, "each[2]");
  ASSERT_EQ(codes(answer.reasons), Codes{"FOR_EACH_CONCURRENCY"});
  EXPECT_EQ(answer.reasons[0].limit, 1);
}

TEST(Explain, ARunJobTaskLeadsIntoTheRunThatItStarted) {
  CoreWorld world;
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  const auto reasons = why(world, run, "call");
  ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_CHILD_RUN"});
  ASSERT_EQ(reasons[0].runs.size(), 1U);
  ASSERT_EQ(codes(reasons[0].because), Codes{"NO_WORKER_REGISTERED"});
  EXPECT_EQ(reasons[0].because[0].run, reasons[0].runs[0]);
}

TEST(Explain, ChildRunsAreFollowedThreeLevelsDeep) {
  CoreWorld world;
  const auto jobs = world.deploy_all({a_job("a").task(a_task("t").starts("b")),
                                      a_job("b").task(a_task("t").starts("c")),
                                      a_job("c").task(a_task("t").starts("d")),
                                      a_job("d").task(a_task("t"))});
  auto reasons = why(world, world.submit(jobs[0]));
  for (int level = 0; level < kMaxExplainedLevels; ++level) {
    ASSERT_EQ(codes(reasons), Codes{"WAITING_FOR_CHILD_RUN"});
    reasons = std::vector<Reason>(reasons[0].because);
  }
  EXPECT_EQ(codes(reasons), Codes{"NO_WORKER_REGISTERED"});
}

TEST(Explain, AStoppingRunWaitsForItsWorkers) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a"))));
  world.start(run, "a");
  ASSERT_TRUE(world.turn(CancelRun{.run = run}));
  const auto reasons = why(world, run);
  ASSERT_EQ(codes(reasons), Codes{"STOPPING"});
  ASSERT_EQ(codes(reasons[0].because), Codes{"STOPPING"});
  EXPECT_EQ(reasons[0].because[0].worker, "w");
  EXPECT_EQ(codes_of(world, run, "a"), Codes{"STOPPING"});
}

TEST(Explain, WhatGoesOnInTheSameBatchIsDue) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId run{world.state.next_id};
  const auto replies =
      world.turn_all({SubmitRun{.job = job}, Explain{.run = run, .task_key = "t"}});
  ASSERT_TRUE(replies[1]);
  EXPECT_EQ(codes(std::get<ExplainReply>(*replies[1]).explanation.reasons), Codes{"DUE"});
}

TEST(Explain, ChangesNothingAndRefusesWhatIsNotThere) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("train"))));
  const auto before = world.events.size();
  EXPECT_TRUE(world.turn(Explain{.run = run}));
  EXPECT_EQ(world.events.size(), before);
  const auto misspelt = world.turn(Explain{.run = run, .task_key = "trian"});
  ASSERT_FALSE(misspelt);
  EXPECT_EQ(misspelt.error().code, ErrorCode::kNotFound);
  EXPECT_NE(misspelt.error().message.find("did you mean \"train\"?"), std::string::npos);
  EXPECT_FALSE(world.turn(Explain{.run = run, .attempt = AttemptId{999}}));
  EXPECT_EQ(world.turn(Explain{.run = RunId{999}}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sheaf::core
