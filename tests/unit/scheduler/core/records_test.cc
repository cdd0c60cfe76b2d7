// What is recorded of deployments, runs and repairs, and that no id is given twice.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using std::chrono::seconds;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

/// The last event of a kind.
template <typename Kind>
Kind last(const CoreWorld& world) {
  const auto found =
      std::find_if(world.events.rbegin(), world.events.rend(), [](const Event& event) {
        return std::holds_alternative<Kind>(event);
      });
  EXPECT_NE(found, world.events.rend());
  return std::get<Kind>(*found);
}

TEST(Records, OfADeploymentSayWhoWhenAndWhat) {
  CoreWorld world;
  const auto settings =
      std::make_shared<const model::JobSettings>(a_job("name").task(a_task("t")).build());
  Deploy command{.bundle = "wine",
                 .target = "prod",
                 .expected_version = std::nullopt,
                 .manifest_digest = "m",
                 .file_path = "/f",
                 .principal = "ann",
                 .jobs = {{.resource_key = "key",
                           .settings_digest = "d",
                           .settings_json = "{}",
                           .settings = settings}}};
  const auto reply = std::get<DeployReply>(world.turn(command).value());
  const DeploymentRecord deployment = last<DeploymentRecorded>(world).deployment;
  EXPECT_EQ(deployment.bundle, "wine");
  EXPECT_EQ(deployment.target, "prod");
  EXPECT_EQ(deployment.manifest_digest, "m");
  EXPECT_EQ(deployment.file_path, "/f");
  EXPECT_EQ(deployment.deployed_by, "ann");
  EXPECT_EQ(deployment.deployed, world.now);
  EXPECT_EQ(deployment.jobs, std::vector{reply.jobs.at(0).id});
  const JobRecord created = *last<JobRecorded>(world).job;
  EXPECT_EQ(reply.jobs[0].change, DeployReply::Job::Change::kCreated);
  EXPECT_EQ(created.deployment, deployment.id);
  EXPECT_EQ(created.creator, "ann");
  EXPECT_EQ(created.created, world.now);
  EXPECT_EQ(created.updated, world.now);
  command.principal = "ben";
  command.jobs[0].settings_digest = "e";
  world.now += seconds(5);
  const auto again = std::get<DeployReply>(world.turn(command).value());
  EXPECT_EQ(again.jobs.at(0).change, DeployReply::Job::Change::kUpdated);
  EXPECT_EQ(again.deployment, reply.deployment);
  const JobRecord updated = *last<JobRecorded>(world).job;
  EXPECT_EQ(updated.creator, "ann");
  EXPECT_EQ(updated.created, world.now - seconds(5));
  EXPECT_EQ(updated.updated, world.now);
  EXPECT_EQ(last<DeploymentRecorded>(world).deployment.jobs.size(), 1U);
}

TEST(Records, OfAnUnchangedScheduleKeepItsNextTime) {
  CoreWorld world;
  world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  const TriggerId trigger = world.state.schedules.begin()->first;
  ASSERT_TRUE(world.turn(ArmTrigger{.trigger = trigger, .next = world.now + seconds(9)}));
  const ScheduleRecord before = world.state.schedules.at(trigger);
  world.now += seconds(1);
  world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("other")));
  EXPECT_EQ(world.state.schedules.at(trigger), before);
}

TEST(Records, OfAHookSecretHoldItSealed) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").hook("h").task(a_task("t")));
  ASSERT_TRUE(world.turn(SetHookSecret{.job = job, .hook = "h", .sealed = "xyz"}));
  const HookSecretRecord secret = last<HookSecretRecorded>(world).secret;
  EXPECT_EQ(secret.job, job);
  EXPECT_EQ(secret.hook, "h");
  EXPECT_EQ(secret.sealed, "xyz");
  EXPECT_EQ(secret.set, world.now);
  EXPECT_EQ(world.turn(SetHookSecret{.job = JobId{999}}).error().code, ErrorCode::kNotFound);
}

TEST(Records, OfARepairedRunAreThoseOfTheJobAsItIsNow) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  const StoredRun stored = world.stored_runs().at(run);
  ASSERT_NE(stored.record.ended, kNoTime);
  ASSERT_FALSE(stored.record.message.empty());
  Facts facts;
  facts.finished_run = std::make_shared<const StoredRun>(stored);
  facts.job = JobRecord{.id = stored.record.job,
                        .name = "new name",
                        .settings_digest = "new digest",
                        .manifest_digest = "new files",
                        .file_path = "/new",
                        .links = {{.resource_key = "k", .job = JobId{7}}}};
  facts.job_settings = stored.settings;
  const auto step =
      decide(world.state, facts, RepairRun{.run = run, .all_failed = true}, world.now, 9);
  const RunRecord& repaired = *std::get<RunRepaired>(step->events.at(0)).run;
  EXPECT_EQ(repaired.name, "new name");
  EXPECT_EQ(repaired.settings_digest, "new digest");
  EXPECT_EQ(repaired.manifest_digest, "new files");
  EXPECT_EQ(repaired.file_path, "/new");
  EXPECT_EQ(repaired.links, facts.job->links);
  EXPECT_EQ(repaired.ended, kNoTime);
  EXPECT_EQ(repaired.message, "");
  EXPECT_EQ(repaired.stop_reason, StopReason::kNone);
  EXPECT_EQ(repaired.deadline, world.now + std::chrono::hours(48));
}

TEST(Records, OfEachPassOfARunStayApart) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  std::int64_t latest = 0;
  for (std::size_t passes = 2; passes <= 3; ++passes) {
    world.finish(run, "t", 1);
    const RepairRun command{.run = run, .all_failed = true, .latest_repair = latest};
    latest = std::get<RepairReply>(world.turn(command).value()).repair;
    ASSERT_EQ(world.run(run).repairs.size(), passes);
    EXPECT_EQ(world.run(run).repairs.back().state, RunState::kRunning);
    EXPECT_EQ(world.run(run).repairs[passes - 2].message, world.run(run).repairs[0].message);
    EXPECT_FALSE(world.run(run).repairs[passes - 2].message.empty());
  }
}

TEST(Records, ValuesOutliveARestartBeforeTheAttemptEnds) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("a")).task(a_task("b").after("a").argument("{{tasks.a.values.k}}"))));
  world.publish(run, "a", "k", "\"v\"");
  world.restart();
  world.register_worker("w", 1, "boot-1", {world.held(run, "a", HeldAttempt::State::kRunning)});
  world.finish(run, "a");
  EXPECT_EQ(world.take_starts().back().spec.arguments.back(), "v");
}

TEST(Records, OfAReturnedOrRepeatedTaskNameNoWorker) {
  CoreWorld world;
  const WorkerId worker = world.register_worker("w", 1).worker;
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("t").retries(1).retry_interval(seconds(60)))));
  const TaskRow row = world.row_of(run, "t");
  ASSERT_TRUE(world.turn(ReportRejected{
      .worker = worker, .attempt = row.attempt, .fence = row.fence, .reason = "full"}));
  EXPECT_EQ(world.state_of(run, "t"), TaskState::kReady);
  EXPECT_FALSE(world.row_of(run, "t").worker.is_valid());
  world.register_worker("w", 1);
  world.finish(run, "t", 1);
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kWaitingRetry);
  EXPECT_FALSE(world.row_of(run, "t").worker.is_valid());
  EXPECT_EQ(world.row_of(run, "t").started, kNoTime);
}

TEST(Records, OfDelegatedTasksSayWhenTheyBeganAndEnded) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("each").for_each("[1]", a_task("i")))));
  const Timestamp begun = world.now;
  EXPECT_EQ(world.row_of(run, "each").started, begun);
  world.now += seconds(5);
  world.finish_iteration(run, "each", 0);
  EXPECT_EQ(world.row_of(run, "each").started, begun);
  EXPECT_EQ(world.row_of(run, "each").ended, begun + seconds(5));
  EXPECT_EQ(world.iteration_row(run, "each", 0).ended, begun + seconds(5));
}

TEST(Records, ARepairIsReplayedWithoutItsInputsWhichAreStoredApart) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("each").for_each("[1, 2]", a_task("i"), 2))));
  world.finish_iteration(run, "each", 0);
  world.finish_iteration(run, "each", 1, 1);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}).has_value());
  RunRepaired repaired = last<RunRepaired>(world);
  State replayed;
  repaired.inputs.clear();
  apply(replayed, repaired);
  EXPECT_EQ(replayed.find_run(run)->blocks.size(), 1U);
  EXPECT_EQ(replayed.find_run(run)->stored_blocks, 0U) << "they are stored with the repair";
  EXPECT_EQ(repaired.iterations.size(), 1U);
  EXPECT_EQ(repaired.iterations.at(0),
            (AttemptRange{.first = world.iteration_row(run, "each", 1).attempt, .count = 1}));
}

TEST(Records, WhatWaitsInTheQueueOfAJobWithoutPlacesStartsWhenTheJobIsRemoved) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const RunId first = world.submit(job);
  const RunId second = world.submit(job);
  world.deploy(a_job("j").concurrent(0).task(a_task("t")));
  world.finish(first, "t");
  ASSERT_EQ(world.run(second).state, RunState::kQueued);
  world.deploy_all({});
  EXPECT_EQ(world.run(second).state, RunState::kRunning);
}

TEST(Receipts, AreReadOnlyWhereThereIsAKey) {
  EXPECT_FALSE(reads(SubmitRun{}).receipt.has_value());
  EXPECT_FALSE(reads(SubmitOnce{}).receipt.has_value());
  EXPECT_EQ(reads(SubmitRun{.receipt_key = "k"}).receipt, "k");
  EXPECT_EQ(reads(SubmitOnce{.receipt_key = "k"}).receipt, "k");
}

/// Every id that an event gives away.
struct IdsOf {
  std::vector<std::int64_t> operator()(const DeploymentRecorded& event) const {
    const bool is_new = event.deployment.version == 1;
    return is_new ? std::vector{event.deployment.id.value} : std::vector<std::int64_t>{};
  }
  std::vector<std::int64_t> operator()(const JobRecorded& event) const {
    return {event.job->id.value};
  }
  std::vector<std::int64_t> operator()(const ScheduleRecorded& event) const {
    return {event.schedule.id.value};
  }
  std::vector<std::int64_t> operator()(const RunSubmitted& event) const {
    std::vector<std::int64_t> ids{event.run->id.value};
    for (std::int64_t i = 0; i < event.run->task_count; ++i) {
      ids.push_back(event.run->first_attempt.value + i);
    }
    return ids;
  }
  std::vector<std::int64_t> operator()(const IterationsPlanned& event) const {
    std::vector<std::int64_t> ids;
    for (std::int64_t i = 0; i < event.block.count; ++i) {
      ids.push_back(event.block.first_attempt.value + i);
    }
    return ids;
  }
  std::vector<std::int64_t> operator()(const RetryScheduled& event) const {
    return {event.attempt.value};
  }
  std::vector<std::int64_t> operator()(const WorkerRecorded& event) const {
    return {event.worker.id.value};
  }
  std::vector<std::int64_t> operator()(const AlertRecorded& event) const {
    return {event.alert.id.value};
  }
  std::vector<std::int64_t> operator()(const RunRepaired& event) const {
    std::vector<std::int64_t> ids{event.run->repairs.back().id};
    for (const AttemptId attempt : event.run->repairs.back().attempts) {
      ids.push_back(attempt.value);
    }
    for (const AttemptRange& range : event.iterations) {
      for (std::int64_t i = 0; i < range.count; ++i) {
        ids.push_back(range.first.value + i);
      }
    }
    return ids;
  }
  template <typename Other>
  std::vector<std::int64_t> operator()(const Other& /*event*/) const {
    return {};
  }
};

TEST(Ids, AreNeverGivenTwice) {
  CoreWorld world;
  world.register_worker("w", 8);
  const auto jobs = world.deploy_all({a_job("j")
                                          .schedule("0 0 8 * * ?")
                                          .alert_on_failure("ops")
                                          .task(a_task("t").retries(1))
                                          .task(a_task("each").for_each("[1, 2]", a_task("i"), 2))
                                          .task(a_task("call").starts("child")),
                                      a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  world.finish(run, "t", 1);
  world.finish(run, "t", 1);
  world.finish_iteration(run, "each", 0, 1);
  world.finish_iteration(run, "each", 1, 1);
  world.finish(world.details_of(run, "call").child, "c");
  ASSERT_EQ(world.run(run).state, RunState::kFailed);
  ASSERT_TRUE(world.turn(RepairRun{.run = run, .all_failed = true}).has_value());
  world.register_worker("other", 1);
  world.submit(world.deploy(a_job("new").task(a_task("c"))));
  std::set<std::int64_t> given;
  for (const Event& event : world.events) {
    for (const std::int64_t id : std::visit(IdsOf{}, event)) {
      EXPECT_TRUE(given.insert(id).second) << id << " in event " << event.index();
    }
  }
  EXPECT_GT(given.size(), 20U);
}

TEST(Ids, OfADeploymentWithoutJobsIsTaken) {
  CoreWorld world;
  world.deploy_all({});
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  EXPECT_NE(std::get<DeploymentRecorded>(world.events.at(0)).deployment.id.value, job.value);
}

TEST(Records, OfLogsKeepTheirLengthOverARestart) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t")).task(a_task("other"))));
  world.finish(
      run,
      "t",
      {.end = AttemptEnd::kExited, .tree_empty = true, .stdout_bytes = 5, .stderr_bytes = 6});
  world.restart();
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  EXPECT_EQ(world.row_of(run, "t").stdout_bytes, 5U);
  EXPECT_EQ(world.row_of(run, "t").stderr_bytes, 6U);
}

}  // namespace
}  // namespace sheaf::core
