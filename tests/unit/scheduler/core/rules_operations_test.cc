// run-now, cancel, cancel-all, delete, repair, submit: what each does to runs in each state.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

RunId run_of(const CoreWorld::Judgement& judgement) {
  return std::get<SubmitReply>(judgement.value()).run;
}

TEST(RunNow, AJobThatAllowsNoRunsSkipsEveryOneThoughItsQueueIsOn) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").concurrent(0).task(a_task("t")));
  EXPECT_EQ(world.run(world.submit(job)).state, RunState::kSkipped);
}

TEST(RunNow, TheRequestsQueueSettingIsStrongerThanTheJobs) {
  CoreWorld world;
  const JobId queues = world.deploy_all({a_job("q").task(a_task("t"))}).at(0);
  world.submit(queues);
  const auto skipped = world.turn(SubmitRun{.job = queues, .queue_enabled = false});
  EXPECT_EQ(world.run(run_of(skipped)).state, RunState::kSkipped);
  const JobId skips = world.deploy_all({a_job("s").without_queue().task(a_task("t"))}).at(0);
  world.submit(skips);
  const auto queued = world.turn(SubmitRun{.job = skips, .queue_enabled = true});
  EXPECT_EQ(world.run(run_of(queued)).state, RunState::kQueued);
}

TEST(RunNow, FewerConcurrentRunsEndNoneAndMoreStartTheOldest) {
  CoreWorld world;
  const auto with = [](std::int64_t runs) { return a_job("j").concurrent(runs).task(a_task("t")); };
  const JobId job = world.deploy(with(2));
  const std::vector<RunId> runs{
      world.submit(job), world.submit(job), world.submit(job), world.submit(job)};
  world.deploy(with(1));
  EXPECT_EQ(world.run(runs[1]).state, RunState::kRunning);
  world.deploy(with(3));
  EXPECT_EQ(world.run(runs[2]).state, RunState::kRunning);
  EXPECT_EQ(world.run(runs[3]).state, RunState::kQueued);
}

TEST(RunNow, ATokenFindsItsRunWhateverElseTheRequestSays) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").parameter("p", "1").task(a_task("t")));
  SubmitRun command{.job = job, .receipt_key = "token/x", .idempotency_token = "x"};
  const RunId run = run_of(world.turn(command));
  world.finish(run, "t");
  command.overrides = {{"p", "2"}};
  world.pass(std::chrono::hours(24 * 30));
  EXPECT_EQ(run_of(world.turn(command)), run);
  EXPECT_EQ(world.run(run).parameters, (model::NamedStrings{{"p", "1"}}));
  world.deploy(a_job("other").task(a_task("t")));
  EXPECT_EQ(run_of(world.turn(command)), run) << "the job is gone, the run is not";
}

TEST(RunNow, ASkippedRunKeepsItsTokenToo) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").without_queue().task(a_task("t")));
  const RunId busy = world.submit(job);
  const SubmitRun command{.job = job, .receipt_key = "token/x", .idempotency_token = "x"};
  const RunId skipped = run_of(world.turn(command));
  world.finish(busy, "t");
  EXPECT_EQ(run_of(world.turn(command)), skipped);
  EXPECT_EQ(world.run(skipped).state, RunState::kSkipped);
}

TEST(Submit, ATokenOfADeletedRunIsRefused) {
  CoreWorld world;
  world.register_worker("w", 1);
  const SubmitOnce command{.settings_digest = "d",
                           .settings_json = "{}",
                           .settings = std::make_shared<const model::JobSettings>(
                               a_job("once").task(a_task("a")).build()),
                           .receipt_key = "token/x",
                           .idempotency_token = "x"};
  const RunId run = run_of(world.turn(command));
  world.finish(run, "a");
  ASSERT_TRUE(world.turn(DeleteRun{.run = run}).has_value());
  EXPECT_EQ(world.turn(command).error().code, ErrorCode::kConflict);
}

TEST(CancelAll, WithoutAJobEndsWhatIsQueuedOfEveryJob) {
  CoreWorld world;
  const auto jobs = world.deploy_all({a_job("a").task(a_task("t")), a_job("b").task(a_task("t"))});
  std::vector<RunId> running;
  std::vector<RunId> queued;
  for (const JobId job : jobs) {
    running.push_back(world.submit(job));
    queued.push_back(world.submit(job));
  }
  ASSERT_TRUE(world.turn(CancelAllRuns{.which = CancelAllRuns::Which::kQueued}).has_value());
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_EQ(world.run(running[i]).state, RunState::kRunning);
    EXPECT_EQ(world.run(queued[i]).state, RunState::kCancelled);
  }
  EXPECT_EQ(world.run(world.submit(jobs[0])).state, RunState::kQueued) << "new runs are not barred";
}

TEST(CancelAll, EndsQueuedRunsOfRunJobTasksAndTheirTasks) {
  CoreWorld world;
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))});
  world.submit(jobs[1]);
  const RunId parent = world.submit(jobs[0]);
  const RunId child = world.details_of(parent, "call").child;
  ASSERT_EQ(world.run(child).state, RunState::kQueued);
  ASSERT_TRUE(world.turn(CancelAllRuns{.which = CancelAllRuns::Which::kQueued}).has_value());
  EXPECT_EQ(world.run(child).state, RunState::kCancelled);
  EXPECT_EQ(world.state_of(parent, "call"), TaskState::kCancelled);
  EXPECT_EQ(world.run(parent).state, RunState::kCancelled);
}

TEST(Delete, RefusesEveryRunThatIsNotOver) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId first = world.submit(job);
  const RunId queued = world.submit(job);
  EXPECT_EQ(world.turn(DeleteRun{.run = queued}).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(world.turn(CancelRun{.run = first}).has_value());
  ASSERT_EQ(world.run(first).state, RunState::kStopping);
  EXPECT_EQ(world.turn(DeleteRun{.run = first}).error().code, ErrorCode::kConflict);
}

TEST(RepairRules, ARunThatWasCancelledInTheQueueIsRepairedWhole) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a")));
  const RunId first = world.submit(job);
  const RunId run = world.submit(job);
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish(first, "a");
  world.finish(first, "b");
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}).has_value());
  world.finish(run, "a");
  world.finish(run, "b");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RepairRules, ARepairThatWasCancelledInTheQueueCanBeRepeated) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(a_job("j").task(a_task("a")).task(a_task("b")));
  const RunId run = world.submit(job);
  world.finish(run, "a");
  world.finish(run, "b", 1);
  world.submit(job);
  const auto first = world.turn(RepairRun{.run = run, .all_failed = true});
  ASSERT_EQ(world.run(run).state, RunState::kQueued);
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  ASSERT_TRUE(world
                  .turn(RepairRun{.run = run,
                                  .all_failed = true,
                                  .latest_repair = std::get<RepairReply>(first.value()).repair})
                  .has_value());
  EXPECT_EQ(world.state_of(run, "a"), TaskState::kSucceeded);
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kBlocked);
}

TEST(RepairRules, RunsANamedTaskThatTheRunLeftOut) {
  CoreWorld world;
  world.register_worker("w", 4);
  const JobId job = world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b")));
  const RunId run = run_of(world.turn(SubmitRun{.job = job, .only = {"a"}}));
  world.finish(run, "a");
  ASSERT_EQ(world.run(run).state, RunState::kSucceeded);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"b"}}).has_value());
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kLeased);
  world.finish(run, "b");
  EXPECT_EQ(world.state_of(run, "c"), TaskState::kDisabled) << "nobody asked for it";
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RepairRules, JudgesWhatWasExcludedAgain) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("c").after("a").condition(
                           "{{tasks.a.values.k}}", model::ConditionOperator::kEqualTo, "1"))
                       .task(a_task("b").after("c", true))));
  world.publish(run, "a", "k", "0");
  world.finish(run, "a");
  ASSERT_EQ(world.state_of(run, "b"), TaskState::kExcluded);
  ASSERT_TRUE(
      world.turn(RepairRun{.run = run, .tasks = {"a"}, .dependents = RepairRun::Dependents::kAll})
          .has_value());
  world.publish(run, "a", "k", "1");
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kLeased);
}

TEST(RepairRules, CountsExecutionsOverEveryPass) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("up").retries(1))
                                    .task(a_task("t").after("up").retries(1).argument(
                                        "{{tasks.up.execution_count}} {{task.execution_count}}"))));
  const auto resolved = [&world] { return world.take_starts().back().spec.arguments.back(); };
  world.finish(run, "up", 1);
  world.finish(run, "up");
  EXPECT_EQ(resolved(), "2 1");
  world.finish(run, "t", 1);
  EXPECT_EQ(resolved(), "2 2");
  world.finish(run, "t", 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}).has_value());
  EXPECT_EQ(resolved(), "2 3") << "\"up\" was kept, \"t\" runs for the third time";
  EXPECT_EQ(world.row_of(run, "t").attempt_number, 0U);
}

TEST(RepairRules, ASuccessfulForEachTaskThatIsNamedRunsWhole) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each("[1, 2]", a_task("one"), 2))));
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1);
  ASSERT_EQ(world.run(run).state, RunState::kSucceeded);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .tasks = {"loop"}}).has_value());
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector<TaskState>{TaskState::kLeased, TaskState::kLeased}));
}

TEST(RepairRules, KeepsTheValuesOfTasksThatStay) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("a"))
          .task(a_task("b").after("a").argument("{{tasks.a.values.k}} {{job.repair_count}}"))));
  world.publish(run, "a", "k", "7");
  world.finish(run, "a");
  world.finish(run, "b", 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}).has_value());
  EXPECT_EQ(world.take_starts().back().spec.arguments.back(), "7 1");
}

}  // namespace
}  // namespace sheaf::core
