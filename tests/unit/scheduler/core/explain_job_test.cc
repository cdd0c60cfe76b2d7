// Explanations: every code, and how reasons lead back to what holds things up.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "scheduler/core/explain.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

using Codes = std::vector<std::string>;

Codes codes(const std::vector<Reason>& reasons) {
  Codes all;
  for (const Reason& reason : reasons) {
    EXPECT_TRUE(reason.message.ends_with('.') || reason.code == ReasonCode::kFinished ||
                reason.code == ReasonCode::kDependencyFailed)
        << reason.message;
    all.emplace_back(to_string(reason.code));
  }
  return all;
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
