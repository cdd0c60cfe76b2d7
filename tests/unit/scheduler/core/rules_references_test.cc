// What references say of every end that a task can have, and of every start that a run can.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::ConditionOperator;
using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

/// The last argument of the attempt that was started last.
std::string last_argument(CoreWorld& world) {
  const auto starts = world.take_starts();
  return starts.empty() ? std::string("nothing started") : starts.back().spec.arguments.back();
}

struct EndCase {
  TaskState end;  ///< Of "first", on which "up" depends.
  const char* first;
  const char* up;
};

class ReferenceEnds : public testing::TestWithParam<EndCase> {};

TEST_P(ReferenceEnds, AreInLowerCaseWithAnErrorCode) {
  const std::string wanted =
      "{{tasks.first.result_state}}/{{tasks.first.error_code}} "
      "{{tasks.up.result_state}}/{{tasks.up.error_code}}/{{tasks.up.execution_count}}";
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("first"))
          .task(a_task("up").after("first"))
          .task(a_task("sure"))
          .task(
              a_task("last").after("up").after("sure").run_if(RunIf::kAllDone).argument(wanted))));
  world.end_as(run, "first", GetParam().end);
  world.finish(run, "sure");
  EXPECT_EQ(last_argument(world), GetParam().first + std::string(" ") + GetParam().up);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    ReferenceEnds,
    testing::Values(
        EndCase{TaskState::kFailed, "failed/RunExecutionError", "upstream_failed/Skipped/1"},
        EndCase{TaskState::kTimedOut, "timedout/Canceled", "upstream_failed/Skipped/1"},
        EndCase{TaskState::kCancelled, "canceled/UserCanceled", "upstream_canceled/Skipped/1"},
        EndCase{TaskState::kInternalError, "failed/InternalError", "upstream_failed/Skipped/1"}));

TEST(References, OfTasksThatWereNotMeantToRunTellNoError) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("c").condition("1", ConditionOperator::kEqualTo, "2"))
          .task(a_task("excluded").after("c", true))
          .task(a_task("off").disabled())
          .task(a_task("sure"))
          .task(a_task("last")
                    .after("excluded")
                    .after("off")
                    .after("sure")
                    .argument("{{tasks.excluded.result_state}}/{{tasks.excluded.error_code}} "
                              "{{tasks.off.result_state}}/{{tasks.off.error_code}} "
                              "{{tasks.c.result_state}}"))));
  world.finish(run, "sure");
  EXPECT_EQ(last_argument(world), "excluded/ disabled/ success");
}

TEST(References, NameWhatStartedTheRun) {
  struct Row {
    TriggerKind kind;
    const char* expected;
  };
  for (const Row& row : {Row{TriggerKind::kManual, "one_time"},
                         Row{TriggerKind::kSchedule, "periodic"},
                         Row{TriggerKind::kHook, "hook"},
                         Row{TriggerKind::kRunJob, "run_job_task"}}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const JobId job = world.deploy(a_job("j").task(a_task("t").argument("{{job.trigger.type}}")));
    ASSERT_TRUE(world.turn(SubmitRun{.job = job, .trigger = {.kind = row.kind}}).has_value());
    EXPECT_EQ(last_argument(world), row.expected);
  }
}

TEST(References, TellTheNominalTimeOfAScheduledRunHoweverLateItStarts) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").task(
      a_task("t").argument("{{job.trigger.time.iso_datetime}} {{job.start_time.iso_datetime}}")));
  const Timestamp nominal = world.now;
  world.pass(std::chrono::seconds(90));
  ASSERT_TRUE(world
                  .turn(SubmitRun{.job = job,
                                  .trigger = {.kind = TriggerKind::kSchedule, .nominal = nominal}})
                  .has_value());
  EXPECT_EQ(last_argument(world), "2023-11-14T22:13:20Z 2023-11-14T22:14:50Z");
}

TEST(References, AMissingValueFailsATaskWithoutAnAttempt) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("b").after("a").retries(5).argument("{{tasks.a.values.k}}"))));
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kFailed);
  EXPECT_TRUE(world.details_of(run, "b").attempts.empty());
  EXPECT_EQ(world.run(run).message,
            "Task b failed with message: task \"a\" has set no value \"k\"");
}

}  // namespace
}  // namespace sheaf::core
