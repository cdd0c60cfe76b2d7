// What is refused or ended because there is too much of it (common/base/limits.h).
#include "common/base/limits.h"

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

/// A job with a run under way and as many queued ones as may wait, less `room`.
JobId deploy_full(CoreWorld& world, const tests::JobBuilder& job, std::size_t room = 0) {
  const JobId id = world.deploy(job);
  world.submit(id);
  auto& queued = world.state.jobs.at(id).queued;
  queued.resize(limits::kMaxQueuedRunsPerJob - room, RunId{999'999});
  return id;
}

TEST(Limits, ASubmissionToAFullQueueIsRefused) {
  CoreWorld world;
  const JobId job = deploy_full(world, a_job("j").task(a_task("t")));
  Facts facts;
  facts.job = JobRecord{.id = job};
  facts.job_settings =
      std::make_shared<const model::JobSettings>(a_job("j").task(a_task("t")).build());
  const SubmitRun command{.job = job};
  const auto refused = decide(world.state, facts, command, world.now, 9);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(refused.error().message,
            "the queue of job " + to_string(job) + " is full (1000 runs wait)");
  world.state.jobs.at(job).queued.pop_back();
  EXPECT_TRUE(decide(world.state, facts, command, world.now, 9).has_value());
}

TEST(Limits, AFireIntoAFullQueueIsSkippedWithTheReason) {
  CoreWorld world;
  const JobId job = deploy_full(world, a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  Facts facts;
  facts.job = JobRecord{.id = job};
  const Timestamp nominal = world.now + std::chrono::hours(1);
  const FireTrigger command{.trigger = world.state.schedules.begin()->first,
                            .job = job,
                            .nominal = nominal,
                            .following = nominal + std::chrono::hours(24)};
  const auto step = decide(world.state, facts, command, world.now, 9);
  ASSERT_EQ(step->events.size(), 2U);
  const SkippedFire& skipped = std::get<FireSkipped>(step->events[0]).fire;
  EXPECT_EQ(skipped.nominal, nominal);
  EXPECT_EQ(skipped.reason, "the job's queue is full");
  EXPECT_FALSE(skipped.covered_by.is_valid());
  EXPECT_EQ(std::get<ScheduleRecorded>(step->events[1]).schedule.settled, nominal);
  EXPECT_EQ(std::get<ScheduleRecorded>(step->events[1]).schedule.next, command.following);
}

TEST(Limits, ARunJobTaskFailsWhereTheOtherQueueIsFull) {
  CoreWorld world;
  const auto jobs = world.deploy_all(
      {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))});
  world.submit(jobs[1]);
  const RunId parent = world.submit(jobs[0]);
  world.state.jobs.at(jobs[1]).queued.resize(limits::kMaxQueuedRunsPerJob, RunId{999'999});
  Facts facts;
  facts.job = JobRecord{.id = jobs[1]};
  const auto step = decide(
      world.state, facts, StartChildRun{.parent = {parent, 0}, .job = jobs[1]}, world.now, 9);
  ASSERT_EQ(step->events.size(), 1U);
  EXPECT_EQ(std::get<TaskFinished>(step->events[0]).message,
            "The queue of job " + to_string(jobs[1]) + " is full.");
}

TEST(Limits, ARepairIntoAFullQueueOrAfterTooManyIsRefused) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId run = world.submit(job);
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  StoredRun stored = world.stored_runs().at(run);
  const auto repaired = [&](std::int64_t latest) {
    Facts facts;
    facts.finished_run = std::make_shared<const StoredRun>(stored);
    const RepairRun command{.run = run, .all_failed = true, .latest_repair = latest};
    return decide(world.state, facts, command, world.now, 9);
  };
  EXPECT_TRUE(repaired(0).has_value());
  stored.record.repairs.resize(1'000, {.id = 7});
  EXPECT_TRUE(repaired(7).has_value());
  stored.record.repairs.resize(1'001, {.id = 7});
  EXPECT_EQ(repaired(7).error().code, ErrorCode::kExhausted);
  stored.record.repairs.clear();
  world.state.jobs[job].queued.resize(limits::kMaxQueuedRunsPerJob, RunId{999'999});
  EXPECT_EQ(repaired(0).error().code, ErrorCode::kExhausted);
}

TEST(Limits, OneTimeRunsAreRefusedWhileTooManyRunsAreUnderWay) {
  State state;
  const SubmitOnce command{.settings_digest = "d",
                           .settings_json = "{}",
                           .settings = std::make_shared<const model::JobSettings>(
                               a_job("once").task(a_task("t")).build())};
  for (std::size_t i = 1; i < limits::kMaxLiveRuns; ++i) {
    state.runs.emplace(RunId{static_cast<std::int64_t>(i)}, nullptr);
  }
  EXPECT_TRUE(decide(state, {}, command, from_epoch_ms(1), 1).has_value());
  state.runs.emplace(RunId{limits::kMaxLiveRuns}, nullptr);
  EXPECT_EQ(decide(state, {}, command, from_epoch_ms(1), 1).error().code, ErrorCode::kExhausted);
}

TEST(Limits, AWorkerTooManyIsRefusedAndAKnownOneIsNot) {
  State state;
  for (std::size_t i = 1; i <= limits::kMaxWorkers; ++i) {
    const WorkerId id{static_cast<std::int64_t>(i)};
    state.workers[id].record.id = id;
    state.workers_by_name["w" + std::to_string(i)] = id;
  }
  const auto registered = [&state](const std::string& name) {
    return decide(state, {}, RegisterWorker{.name = name}, from_epoch_ms(1), 1);
  };
  EXPECT_TRUE(registered("w7").has_value());
  EXPECT_EQ(registered("new").error().code, ErrorCode::kExhausted);
  state.workers.erase(WorkerId{1});
  EXPECT_TRUE(registered("new").has_value());
}

TEST(Limits, APoolTooManyIsRefusedAndAKnownOneIsNot) {
  CoreWorld world;
  for (std::size_t i = 0; i < limits::kMaxPools; ++i) {
    const std::string name = "p" + std::to_string(i);
    ASSERT_TRUE(world.turn(SetPool{.name = name, .limit = 1}).has_value()) << name;
  }
  EXPECT_EQ(world.turn(SetPool{.name = "new"}).error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(world.turn(SetPool{.name = "p1", .limit = 2}).has_value());
  EXPECT_EQ(world.state.pools.at("p1").limit, 2U);
}

TEST(Limits, APoolThatStaysAsItIsIsNoEvent) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  const std::size_t before = world.events.size();
  ASSERT_TRUE(world.turn(SetPool{.name = "p", .limit = 1}).has_value());
  EXPECT_EQ(world.events.size(), before);
}

TEST(Limits, OnlyTheEnvironmentsUsedLastAreRemembered) {
  CoreWorld world;
  RegisterWorker command{.name = "w"};
  for (std::uint64_t i = 0; i <= limits::kMaxCachedEnvironments; ++i) {
    command.cached_environments.push_back(i + 1);
  }
  world.register_worker(command);
  const auto& known = world.state.workers.begin()->second.environments;
  EXPECT_EQ(known.size(), limits::kMaxCachedEnvironments);
  EXPECT_EQ(known.back(), 1U) << "the one that was used last";
}

TEST(Limits, AForEachTaskWithTooManyRowsForItsRunFails) {
  CoreWorld world;
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("each").for_each_line("in.jsonl", a_task("one")))
                                    .task(a_task("other"))));
  LiveRun& live = *world.state.find_run(run);
  // As if other for-each tasks of the run had taken the rows.
  apply(world.state, TaskDelegated{.run = run, .task = 1, .at = world.now});
  const auto planned = [&](std::size_t rows, const std::string& lines) {
    live.record.task_count = static_cast<std::uint32_t>(rows);
    Facts facts;
    facts.file = lines;
    return decide(
        world.state, facts, PlanIterations{.parent = {run, 1}, .path = "in.jsonl"}, world.now, 9);
  };
  const auto fits = planned(limits::kMaxRowsPerRun - 2, "1\n2\n");
  EXPECT_TRUE(std::holds_alternative<IterationsPlanned>(fits->events.at(0)));
  const auto exceeds = planned(limits::kMaxRowsPerRun - 1, "1\n2\n");
  const auto& failed = std::get<TaskFinished>(exceeds->events.at(0));
  EXPECT_EQ(failed.state, TaskState::kFailed);
  EXPECT_EQ(failed.message, "a run has at most 2000000 tasks and iterations");
}

TEST(Limits, InputsThatAreTooLongOrTooManyAreRefused) {
  const std::string longest(limits::kMaxIterationInputBytes, ' ');
  EXPECT_EQ(IterationInputs::from_lines(longest)->size(), 0U);
  const auto lines = IterationInputs::from_lines(longest + " ");
  EXPECT_EQ(lines.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(lines.error().message, "the inputs of a for-each task are longer than 64 MiB");
  EXPECT_EQ(IterationInputs::from_array(longest + " ").error().code, ErrorCode::kExhausted);
}

TEST(Limits, MoreInputsThanATaskMayHaveAreRefused) {
  std::string many;
  for (std::size_t i = 0; i < limits::kMaxIterations; ++i) {
    many += "1\n";
  }
  EXPECT_EQ(IterationInputs::from_lines(many)->size(), limits::kMaxIterations);
  const auto more = IterationInputs::from_lines(many + "1");
  EXPECT_EQ(more.error().code, ErrorCode::kExhausted);
  EXPECT_EQ(more.error().message, "a for-each task has at most 1000000 inputs");
}

TEST(Limits, MoreDeadlinesThanOneStepJudgesAreJudgedInTheNext) {
  CoreWorld world;
  auto job = a_job("j");
  constexpr int kTasks = 1'000;
  for (int i = 0; i < kTasks; ++i) {
    job.task(a_task("t" + std::to_string(i)).retries(1).retry_interval(std::chrono::hours(1)));
  }
  const RunId run = world.submit(world.deploy(job));
  State& state = world.state;
  for (TaskIndex task = 0; task < kTasks; ++task) {
    state.find_run(run)->tasks.state[task] = TaskState::kWaitingRetry;
    for (int i = 0; i < 11; ++i) {
      state.deadlines.insert({world.now - std::chrono::seconds(i), {run, task}});
    }
  }
  const auto step = decide(state, {}, AdvanceTime{}, world.now, 9);
  EXPECT_EQ(step->events.size(), 10'000U);
}

}  // namespace
}  // namespace sheaf::core
