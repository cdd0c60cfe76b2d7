// What follows in the batch in which several things happen at once, and after a recovery.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::ConditionOperator;
using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

ReportResult ended(const TaskRow& row, int exit_code = 0) {
  return {.worker = row.worker,
          .attempt = row.attempt,
          .fence = row.fence,
          .outcome = {.end = AttemptEnd::kExited, .exit_code = exit_code, .tree_empty = true}};
}

TEST(Settling, ATaskThatIsUnblockedAsItsRunIsStoppedIsCancelled) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b").after("a"))));
  world.turn_all({ended(world.row_of(run, "a")), CancelRun{.run = run}});
  EXPECT_EQ(world.state_of(run, "b"), TaskState::kCancelled);
  EXPECT_EQ(world.details_of(run, "b").message,
            "The run was stopped before this task could start.");
  EXPECT_EQ(world.run(run).state, RunState::kCancelled);
}

TEST(Settling, ARunThatIsOverIsNotEndedAgain) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("a"))));
  apply(world.state, TaskFinished{.run = run, .task = 0, .state = TaskState::kSucceeded});
  const Settle again{.work = {.finished_runs = {run}}};
  EXPECT_EQ(decide(world.state, {}, again, world.now, 9)->events.size(), 1U);
  apply(world.state, RunFinished{.run = run, .state = RunState::kSucceeded});
  EXPECT_TRUE(decide(world.state, {}, again, world.now, 9)->events.empty());
}

TEST(Settling, ARunWithoutTasksEndsAtOnce) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("nothing")));
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Settling, AConditionNamesTheSideThatCannotBeFilledIn) {
  for (const bool is_left : {false, true}) {
    CoreWorld world;
    const std::string broken = "{{tasks.c.values.x}}";
    const RunId run = world.submit(world.deploy(a_job("j").task(a_task("c").condition(
        is_left ? broken : "1", ConditionOperator::kEqualTo, is_left ? "1" : broken))));
    EXPECT_EQ(world.state_of(run, "c"), TaskState::kFailed);
    EXPECT_EQ(world.details_of(run, "c").message, "task \"c\" has set no value \"x\"");
  }
}

TEST(Settling, AForEachTaskThatIsStoppedIsCancelledThoughItsIterationsSucceed) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("each").for_each("[1]", a_task("i"))).task(a_task("t"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run, .attempt = world.row_of(run, "each").attempt}));
  world.finish_iteration(run, "each", 0);
  EXPECT_EQ(world.state_of(run, "each"), TaskState::kCancelled);
  EXPECT_EQ(world.details_of(run, "each").message, "0 of 1 iterations did not succeed");
}

TEST(Settling, AStoppedForEachTaskEndsIterationsThatWaitAnyWhere) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("each").for_each(
      "[1, 2, 3, 4]", a_task("i").retries(1).retry_interval(seconds(60)), 3))));
  world.finish_iteration(run, "each", 0, 1);
  ASSERT_EQ(
      world.iterations_of(run, "each"),
      (std::vector<TaskState>{
          TaskState::kWaitingRetry, TaskState::kLeased, TaskState::kLeased, TaskState::kBlocked}));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  EXPECT_EQ(world.iterations_of(run, "each"),
            (std::vector<TaskState>{TaskState::kCancelled,
                                    TaskState::kStopping,
                                    TaskState::kStopping,
                                    TaskState::kCancelled}));
  EXPECT_EQ(world.iteration_row(run, "each", 3).ended, world.now);
  EXPECT_EQ(world.iteration_row(run, "each", 0).deadline, kNoTime);
  for (const std::uint32_t index : {1U, 2U}) {
    world.finish_iteration(run, "each", index, 1);
  }
  EXPECT_EQ(world.details_of(run, "each").message, "4 of 4 iterations did not succeed");
}

TEST(Settling, AQueuedRunThatIsReachedByTwoWaysEndsOnce) {
  CoreWorld world;
  world.register_worker("w", 2);
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))});
  world.submit(jobs[1]);
  const RunId parent = world.submit(jobs[0]);
  const RunId child = world.details_of(parent, "call").child;
  ASSERT_EQ(world.run(child).state, RunState::kQueued);
  const auto step = decide(world.state, {}, CancelAllRuns{}, world.now, 9);
  std::size_t ends = 0;
  for (const Event& event : step->events) {
    const auto* finished = std::get_if<RunFinished>(&event);
    ends += finished != nullptr && finished->run == child ? 1 : 0;
  }
  EXPECT_EQ(ends, 1U);
}

TEST(Settling, TwoForEachTasksThatStartTogetherShareTheRowsOfTheirRun) {
  CoreWorld world;
  world.register_worker("w", 9);
  const JobId job = world.deploy(a_job("j")
                                     .task(a_task("a").for_each("[1, 2]", a_task("i"), 2))
                                     .task(a_task("b").for_each("[1, 2, 3]", a_task("i"), 3)));
  const auto jobs = world.turn_all({SubmitRun{.job = job}});
  const RunId run = std::get<SubmitReply>(*jobs[0]).run;
  const auto blocks = world.run(run).blocks;
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(blocks[0].first, 2U);
  EXPECT_EQ(blocks[1].first, 4U);
  EXPECT_EQ(world.run(run).task_count, 7U);
}

TEST(Settling, ForEachTasksOfSeveralRunsThatStartTogetherKeepTheirRows) {
  CoreWorld world;
  const JobId job =
      world.deploy(a_job("j").concurrent(2).task(a_task("a").for_each("[1, 2]", a_task("i"), 2)));
  const auto replies = world.turn_all({SubmitRun{.job = job}, SubmitRun{.job = job}});
  for (const auto& reply : replies) {
    EXPECT_EQ(world.run(std::get<SubmitReply>(*reply).run).blocks.at(0).first, 1U);
  }
}

TEST(Recovery, ARunWhoseTasksAreOverIsEnded) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("a"))));
  StoredState stored = world.stored_state();
  stored.runs.at(0).rows.at(0).state = TaskState::kSucceeded;
  EXPECT_EQ(restore(stored).unsettled.finished_runs, std::set{run});
  stored.runs.at(0).record.state = RunState::kQueued;
  EXPECT_TRUE(restore(stored).unsettled.finished_runs.empty()) << "it starts first";
}

TEST(Recovery, ADelegatedTaskWithoutItsRunStartsIt) {
  CoreWorld world;
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  StoredState stored = world.stored_state();
  EXPECT_TRUE(restore(stored).unsettled.wanting_facts.empty());
  stored.runs.at(0).details.at(0).child = {};
  EXPECT_EQ(restore(stored).unsettled.wanting_facts, (std::set{TaskRef{run, 0}}));
}

TEST(Recovery, CountsTheIterationsOfEachBlockAnew) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("each").for_each("[1, 2, 3, 4, 5]", a_task("i"), 2))));
  world.finish_iteration(run, "each", 0, 1);
  world.finish_iteration(run, "each", 1);
  const LiveBlock before = world.state.find_run(run)->blocks.at(0);
  ASSERT_EQ(before.failed, 1U);
  world.restart();
  const LiveBlock& after = world.state.find_run(run)->blocks.at(0);
  EXPECT_EQ(after.failed, before.failed);
  EXPECT_EQ(after.next, before.next);
  EXPECT_EQ(after.active, before.active);
  EXPECT_EQ(after.unfinished, before.unfinished);
}

TEST(Recovery, AStoppingRunGoesOnStopping) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("b")).task(a_task("c"))));
  StoredState stored = world.stored_state();
  stored.runs.at(0).record.state = RunState::kStopping;
  stored.runs.at(0).record.stop_reason = StopReason::kUserCancel;
  const State restored = restore(stored);
  EXPECT_EQ(restored.unsettled.stoppable, (std::vector<TaskRef>{{run, 1}, {run, 2}}));
}

class RepairedStates : public testing::TestWithParam<std::pair<TaskState, bool>> {};

TEST_P(RepairedStates, OfTasksThatFailedOrNeverEndedRunAgain) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("a")).task(a_task("bad"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  StoredRun stored = world.stored_runs().at(run);
  stored.rows.at(0).state = GetParam().first;
  stored.rows.at(1).state = TaskState::kFailed;
  Facts facts;
  facts.finished_run = std::make_shared<const StoredRun>(stored);
  const auto step =
      decide(world.state, facts, RepairRun{.run = run, .all_failed = true}, world.now, 9);
  const auto& repaired = std::get<RunRepaired>(step->events.at(0));
  EXPECT_EQ(repaired.rows.at(0).state, GetParam().second ? TaskState::kBlocked : GetParam().first);
  EXPECT_EQ(repaired.run->repairs.back().attempts.size(), GetParam().second ? 2U : 1U);
}

INSTANTIATE_TEST_SUITE_P(States,
                         RepairedStates,
                         testing::Values(std::pair(TaskState::kBlocked, true),
                                         std::pair(TaskState::kReady, true),
                                         std::pair(TaskState::kLeased, true),
                                         std::pair(TaskState::kRunning, true),
                                         std::pair(TaskState::kWaitingRetry, true),
                                         std::pair(TaskState::kStopping, true),
                                         std::pair(TaskState::kDelegated, true),
                                         std::pair(TaskState::kFailed, true),
                                         std::pair(TaskState::kTimedOut, true),
                                         std::pair(TaskState::kCancelled, true),
                                         std::pair(TaskState::kUpstreamFailed, true),
                                         std::pair(TaskState::kUpstreamCancelled, true),
                                         std::pair(TaskState::kInternalError, true),
                                         std::pair(TaskState::kSucceeded, false),
                                         std::pair(TaskState::kExcluded, false),
                                         std::pair(TaskState::kDisabled, false)));

TEST(IterationInputs, KeepOneElementALineWhateverLineEndsItHas) {
  const auto inputs = IterationInputs::from_array("[{\r\n\"a\": 1\n}, 2]");
  ASSERT_EQ(inputs->size(), 2U);
  EXPECT_EQ(inputs->at(0), "{  \"a\": 1 }");
  EXPECT_EQ(inputs->at(1), "2");
}

TEST(Unmeetable, NamesTheMostThoughNobodyHasAny) {
  CoreWorld world;
  world.register_worker(RegisterWorker{.name = "w", .slots = 1});
  EXPECT_EQ(unmeetable(world.state, {.memory_bytes = 5}),
            "no registered worker has 5 bytes of memory; the most memory of one worker is 0 bytes");
}

TEST(Recovery, FindsTheWorkThatWasLeftAndKeepsWhatWasArmed) {
  CoreWorld world;
  world.register_worker("w", 0);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .schedule("0 0 8 * * ?")
                                    .task(a_task("a"))
                                    .task(a_task("each").for_each("[1]", a_task("i")))));
  StoredState stored = world.stored_state();
  stored.runs.at(0).rows.at(0).state = TaskState::kBlocked;
  stored.workers.at(0).cached_environments = {1, 2};
  const State restored = restore(stored);
  EXPECT_EQ(restored.unsettled.unblocked, (std::vector<TaskRef>{{run, 0}}));
  EXPECT_EQ(restored.unsettled.blocks, (std::set<BlockRef>{{run, 0}}));
  EXPECT_EQ(restored.schedules, world.state.schedules);
  EXPECT_EQ(restored.workers.begin()->second.environments, (std::vector<std::uint64_t>{2, 1}));
}

}  // namespace
}  // namespace sheaf::core
