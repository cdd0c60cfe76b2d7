// Explanations of what is over or will never start, and of jobs.
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
using tests::why;

TEST(ExplainOver, WhatIsLeftOutWillNotStart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j")
                                     .task(a_task("a"))
                                     .task(a_task("off").after("a").disabled())
                                     .task(a_task("b").after("a")));
  const auto reply = world.turn(SubmitRun{.job = job, .only = {"a", "off"}});
  const RunId run = std::get<SubmitReply>(*reply).run;
  EXPECT_EQ(codes_of(world, run, "off"), Codes{"DISABLED"});
  EXPECT_EQ(codes_of(world, run, "b"), Codes{"NOT_SELECTED"});
  world.finish(run, "a");
  EXPECT_EQ(codes_of(world, run, "off"), Codes{"DISABLED"});
  EXPECT_EQ(codes_of(world, run, "b"), Codes{"NOT_SELECTED"});
}

TEST(ExplainOver, AnExcludedTaskNamesTheConditionAndItsOutcome) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("check").condition("1", model::ConditionOperator::kEqualTo, "2"))
          .task(a_task("then").after("check", true))
          .task(a_task("later").after("then"))));
  for (const std::string task : {"then", "later"}) {
    const auto reasons = why(world, run, task);
    ASSERT_EQ(codes(reasons), Codes{"EXCLUDED_BY_CONDITION"}) << task;
    EXPECT_EQ(reasons[0].task_key, "check");
    EXPECT_EQ(reasons[0].outcome, "false");
  }
  EXPECT_EQ(why(world, run, "later")[0].through, std::vector<std::string>{"then"});
}

TEST(ExplainOver, ATaskForFailuresIsExcludedWhenNothingFailed) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("mend").after("a").run_if(model::RunIf::kAtLeastOneFailed))));
  world.finish(run, "a");
  EXPECT_EQ(codes_of(world, run, "mend"), Codes{"RUN_IF_NOT_MET"});
}

TEST(ExplainOver, AFailureUpstreamIsNamedWhereItHappened) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
  world.finish(run, "a", 1);
  const auto reasons = why(world, run, "c");
  ASSERT_EQ(codes(reasons), Codes{"DEPENDENCY_FAILED"});
  EXPECT_EQ(reasons[0].task_key, "a");
  EXPECT_EQ(reasons[0].outcome, "FAILED");
  EXPECT_EQ(codes_of(world, run, "a"), Codes{"FINISHED"});
  const auto whole = why(world, run);
  ASSERT_EQ(codes(whole), Codes{"FINISHED"});
  ASSERT_EQ(codes(whole[0].because), Codes{"FINISHED"});
  EXPECT_EQ(whole[0].because[0].task_key, "a");
}

TEST(ExplainOver, ASkippedRunSaysWhy) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").without_queue().task(a_task("t")));
  world.submit(job);
  const RunId run = world.submit(job);
  const auto reasons = why(world, run);
  ASSERT_EQ(reasons.size(), 1U);
  EXPECT_EQ(reasons[0].code, ReasonCode::kRunSkipped);
  EXPECT_EQ(why(world, run, "t").at(0).code, ReasonCode::kRunSkipped);
}

std::vector<Reason> why_job(CoreWorld& world, JobId job) {
  const auto reply = world.turn(ExplainJob{.job = job});
  return std::get<ExplainReply>(reply.value()).explanation.reasons;
}

TEST(ExplainJob, TellsTheNextFireOrThatTheScheduleIsPaused) {
  CoreWorld world;
  const auto jobs =
      world.deploy_all({a_job("armed").schedule("0 0 6 * * ?").task(a_task("t")),
                        a_job("paused").schedule("0 0 6 * * ?").paused().task(a_task("t")),
                        a_job("hand").task(a_task("t")),
                        a_job("hook").hook("drift").task(a_task("t"))});
  for (const auto& [id, schedule] : world.state.schedules) {
    if (schedule.job == jobs[0]) {
      ASSERT_TRUE(world.turn(ArmTrigger{.trigger = id, .next = world.now + Milliseconds(5)}));
      break;
    }
  }
  const auto armed = why_job(world, jobs[0]);
  ASSERT_EQ(codes(armed), Codes{"NEXT_FIRE"});
  EXPECT_EQ(armed[0].until, world.now + Milliseconds(5));
  EXPECT_EQ(codes(why_job(world, jobs[1])), Codes{"SCHEDULE_PAUSED"});
  EXPECT_EQ(codes(why_job(world, jobs[2])), Codes{"NO_TRIGGER"});
  EXPECT_TRUE(why_job(world, jobs[3]).empty());
  EXPECT_EQ(world.turn(ExplainJob{.job = JobId{999}}).error().code, ErrorCode::kNotFound);
}

TEST(ExplainJob, TellsWhatANewRunWouldMeet) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").hook("h").task(a_task("t")));
  const RunId run = world.submit(job);
  const auto reasons = why_job(world, job);
  ASSERT_EQ(codes(reasons), Codes{"CONCURRENCY_REACHED"});
  EXPECT_EQ(reasons[0].runs, std::vector<RunId>{run});
  std::vector<Command> more(limits::kMaxQueuedRunsPerJob, SubmitRun{.job = job});
  static_cast<void>(world.turn_all(more));
  EXPECT_EQ(codes(why_job(world, job)), (Codes{"CONCURRENCY_REACHED", "QUEUE_FULL"}));
}

TEST(ExplainJob, StoredRowsAreReasonsToo) {
  const Reason skipped = explain_skipped({.nominal = from_epoch_ms(5), .reason = "it rained"});
  EXPECT_EQ(to_string(skipped.code), "FIRE_SKIPPED");
  EXPECT_EQ(skipped.message, "This fire started no run: it rained.");
  EXPECT_EQ(skipped.nominal, from_epoch_ms(5));
  const Reason secret = explain_missing_secret("drift");
  EXPECT_EQ(to_string(secret.code), "HOOK_WITHOUT_SECRET");
  EXPECT_EQ(secret.hook, "drift");
}

}  // namespace
}  // namespace sheaf::core
