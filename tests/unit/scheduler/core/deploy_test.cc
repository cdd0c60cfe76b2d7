#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using Change = DeployReply::Job::Change;

DeployedJob deployed(const tests::JobBuilder& job, const std::string& digest) {
  return {.resource_key = job.build().name,
          .settings_digest = digest,
          .settings_json = "{}",
          .settings = std::make_shared<const model::JobSettings>(job.build())};
}

Deploy deployment(std::vector<DeployedJob> jobs) {
  return {.bundle = "b", .target = "dev", .principal = "ann", .jobs = std::move(jobs)};
}

TEST(Deploy, ARemovedJobRunsWhatWaitsInItsQueueOneByOneOverARestartToo) {
  for (const bool restarts : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 4);
    const JobId job = world.deploy(a_job("j").task(a_task("t")));
    const RunId first = world.submit(job);
    const RunId second = world.submit(job);
    const RunId third = world.submit(job);
    world.deploy(a_job("j").concurrent(0).task(a_task("t")));
    world.deploy_all({});
    if (restarts) {
      world.restart();
    }
    world.finish(first, "t");
    EXPECT_EQ(world.run(second).state, RunState::kRunning);
    EXPECT_EQ(world.run(third).state, RunState::kQueued);
  }
}

TEST(Deploy, AnUnchangedDeploymentIsNoEventAndKeepsItsVersion) {
  CoreWorld world;
  world.deploy(a_job("j").task(a_task("t")));
  const DeployedJob same{
      .resource_key = "j",
      .settings_digest = "digest-0",
      .settings_json = "{}",
      .settings = std::make_shared<const model::JobSettings>(a_job("j").task(a_task("t")).build())};
  const std::size_t events = world.events.size();
  const auto reply = world.turn(deployment({same}));
  EXPECT_EQ(std::get<DeployReply>(*reply).version, 1U);
  EXPECT_EQ(std::get<DeployReply>(*reply).jobs.at(0).change, Change::kUnchanged);
  EXPECT_EQ(world.events.size(), events);
}

TEST(Deploy, AnotherVersionThanExpectedIsAConflictThatNamesTheOther) {
  CoreWorld world;
  world.deploy(a_job("j").task(a_task("t")));
  Deploy command = deployment({deployed(a_job("j").task(a_task("u")), "other")});
  command.expected_version = 0;
  const auto reply = world.turn(command);
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().code, ErrorCode::kConflict);
  EXPECT_NE(reply.error().message.find("ann deployed it"), std::string::npos);
}

TEST(Deploy, AJobThatIsGoneFromTheBundleIsRemovedWithItsSchedule) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  ASSERT_EQ(world.state.schedules.size(), 1U);
  const auto reply = world.turn(deployment({}));
  EXPECT_EQ(std::get<DeployReply>(*reply).jobs.at(0).change, Change::kRemoved);
  EXPECT_TRUE(world.state.schedules.empty());
  EXPECT_FALSE(world.turn(SubmitRun{.job = job}).has_value());
}

TEST(Deploy, ARunOfARemovedJobGoesOn) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("t"))));
  ASSERT_TRUE(world.turn(deployment({})).has_value());
  world.finish(run, "t");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(Deploy, ARedeployedJobKeepsItsId) {
  CoreWorld world;
  const JobId first = world.deploy(a_job("j").task(a_task("t")));
  EXPECT_EQ(world.deploy(a_job("j").task(a_task("u"))), first);
}

TEST(HookSecrets, AreSetOnlyForDeclaredHooks) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").hook("drift").task(a_task("t")));
  EXPECT_TRUE(world.turn(SetHookSecret{.job = job, .hook = "drift", .sealed = "x"}).has_value());
  EXPECT_FALSE(world.turn(SetHookSecret{.job = job, .hook = "drfit", .sealed = "x"}).has_value());
  EXPECT_FALSE(world.turn(SetHookSecret{.job = {77}, .hook = "drift", .sealed = "x"}).has_value());
}

/// A deployment of one job, "j", that is what the row says and else as it was.
Deploy a_deployment() {
  return {.bundle = "b",
          .target = "dev",
          .expected_version = std::nullopt,
          .manifest_digest = "m",
          .file_path = "/f",
          .principal = "ann",
          .jobs = {{.resource_key = "j",
                    .settings_digest = "digest-0",
                    .settings_json = "{}",
                    .settings = std::make_shared<const model::JobSettings>(
                        a_job("j").task(a_task("t")).build())}}};
}

TEST(Deploy, EachPartOfAJobThatChangesIsAChange) {
  struct Row {
    const char* what;
    Change change;
    std::uint64_t version;
    void (*edit)(Deploy& command);
  };
  for (const Row& row :
       {Row{"nothing", Change::kUnchanged, 1, [](Deploy&) {}},
        Row{"settings",
            Change::kUpdated,
            2,
            [](Deploy& command) { command.jobs[0].settings_digest = "digest-1"; }},
        Row{"files", Change::kUpdated, 2, [](Deploy& command) { command.manifest_digest = "n"; }},
        Row{"path", Change::kUpdated, 2, [](Deploy& command) { command.file_path = "/g"; }},
        Row{"name", Change::kUpdated, 2, [](Deploy& command) {
              command.jobs[0].settings =
                  std::make_shared<const model::JobSettings>(a_job("k").task(a_task("t")).build());
            }}}) {
    CoreWorld world;
    ASSERT_TRUE(world.turn(a_deployment()).has_value());
    Deploy again = a_deployment();
    row.edit(again);
    const auto reply = std::get<DeployReply>(world.turn(again).value());
    EXPECT_EQ(reply.jobs.at(0).change, row.change) << row.what;
    EXPECT_EQ(reply.version, row.version) << row.what;
  }
}

TEST(Deploy, TheVersionThatWasExpectedIsTaken) {
  CoreWorld world;
  Deploy command = a_deployment();
  command.expected_version = 1;
  const auto refused = world.turn(command);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_EQ(refused.error().message, "the deployment is at version 0, not 1");
  command.expected_version = 0;
  EXPECT_TRUE(world.turn(command).has_value());
}

Deploy keeping(std::vector<DeployedJob> jobs, std::vector<std::string> kept) {
  Deploy command = deployment(std::move(jobs));
  command.kept = std::move(kept);
  return command;
}

TEST(Deploy, AJobThatIsKeptStaysAsItIs) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(deployment({deployed(a_job("a").task(a_task("t")), "one"),
                                     deployed(a_job("b").task(a_task("t")), "two")})));
  const auto reply = world.turn(keeping({deployed(a_job("a").task(a_task("u")), "three")}, {"b"}));
  ASSERT_TRUE(reply.has_value());
  const auto& jobs = std::get<DeployReply>(*reply).jobs;
  ASSERT_EQ(jobs.size(), 2U);
  EXPECT_EQ(jobs.at(0).change, Change::kUpdated);
  EXPECT_EQ(jobs.at(1).change, Change::kUnchanged);
}

TEST(Deploy, WhatIsKeptMustBeThereAndKeepWhatItStarts) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(deployment({deployed(a_job("a").task(a_task("t").starts("b")), "one"),
                                     deployed(a_job("b").task(a_task("t")), "two")})));
  const auto message = [&world](const Deploy& command) {
    const auto reply = world.turn(command);
    return reply ? std::string("taken") : reply.error().message;
  };
  EXPECT_EQ(message(keeping({}, {"c"})),
            "kept: \"c\" is no job of the deployment that could stay as it is");
  EXPECT_EQ(message(keeping({deployed(a_job("a").task(a_task("t")), "three")}, {"a"})),
            "kept: \"a\" is no job of the deployment that could stay as it is");
  EXPECT_EQ(message(keeping({}, {"a"})),
            "jobs.a: a run_job_task starts the job \"b\", which the deployment does not have");
  EXPECT_EQ(message(keeping({}, {"a", "b"})), "taken");
}

TEST(Deploy, ARemovalMayExpectAVersion) {
  CoreWorld world;
  RemoveDeployment command{.bundle = "b", .target = "dev", .expected_version = std::nullopt};
  EXPECT_EQ(world.turn(command).error().code, ErrorCode::kNotFound);
  world.deploy(a_job("j").task(a_task("t")));
  command.expected_version = 7;
  EXPECT_EQ(world.turn(command).error().code, ErrorCode::kConflict);
  command.expected_version = 1;
  const auto reply = world.turn(command);
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(std::get<DeployReply>(*reply).jobs.at(0).change, Change::kRemoved);
}

TEST(Deploy, ARemovalTakesItsJobsAndSchedulesAway) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  ASSERT_EQ(world.state.schedules.size(), 1U);
  ASSERT_TRUE(world.turn(
      RemoveDeployment{.bundle = "b", .target = "dev", .expected_version = std::nullopt}));
  EXPECT_TRUE(world.state.schedules.empty());
  EXPECT_FALSE(world.turn(SubmitRun{.job = job}).has_value());
  const auto& removed = std::get<DeploymentRemoved>(world.events.back());
  EXPECT_TRUE(removed.deployment.is_valid());
  EXPECT_EQ(removed.bundle, "b");
  EXPECT_EQ(removed.target, "dev");
}

/// The last version that was recorded.
DeploymentRecord last_version(const CoreWorld& world) {
  DeploymentRecord last;
  for (const Event& event : world.events) {
    const auto* recorded = std::get_if<DeploymentRecorded>(&event);
    last = recorded != nullptr ? recorded->deployment : last;
  }
  return last;
}

TEST(Deploy, AVersionHoldsWhatItsJobsAreAndNothingOfTheOneBefore) {
  CoreWorld world;
  ASSERT_TRUE(world.turn(deployment({deployed(a_job("a").task(a_task("t")), "one")})));
  DeployedJob pinned = deployed(a_job("b").task(a_task("t")), "two");
  pinned.files = DeployedFiles{.manifest_digest = "pinned", .file_path = "/pinned"};
  Deploy command = deployment({deployed(a_job("a").task(a_task("t")), "three"), pinned});
  command.manifest_digest = "all";
  command.file_path = "/all";
  const auto reply = std::get<DeployReply>(world.turn(command).value());
  const DeploymentRecord version = last_version(world);
  EXPECT_EQ(reply.deployment, version.id);
  ASSERT_EQ(version.contents.size(), 2U);
  EXPECT_EQ(version.contents[0].resource_key, "a");
  EXPECT_EQ(version.contents[0].settings_digest, "three");
  EXPECT_EQ(version.contents[0].manifest_digest, "all");
  EXPECT_EQ(version.contents[0].file_path, "/all");
  EXPECT_EQ(version.contents[1].resource_key, "b");
  EXPECT_EQ(version.contents[1].manifest_digest, "pinned");
  EXPECT_EQ(version.contents[1].file_path, "/pinned");
}

TEST(Deploy, AJobThatIsDeployedAgainIsStillTheOneThatOthersStart) {
  CoreWorld world;
  const auto jobs = [](const std::string& task) {
    return std::vector{a_job("a").task(a_task(task).starts("b")), a_job("b").task(a_task("t"))};
  };
  const JobId started = world.deploy_all(jobs("call"))[1];
  const RunId run = world.submit(world.deploy_all(jobs("other"))[0]);
  EXPECT_EQ(world.run(run).links, (std::vector<JobLink>{{.resource_key = "b", .job = started}}));
}

TEST(Deploy, OtherFilesWithoutAnyJobAreANewVersion) {
  CoreWorld world;
  Deploy command = a_deployment();
  command.jobs.clear();
  ASSERT_TRUE(world.turn(command).has_value());
  EXPECT_EQ(std::get<DeployReply>(world.turn(command).value()).version, 1U);
  command.manifest_digest = "n";
  EXPECT_EQ(std::get<DeployReply>(world.turn(command).value()).version, 2U);
}

TEST(Deploy, AJobWhoseScheduleIsTakenAwayIsWatchedNoMore) {
  CoreWorld world;
  world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  const TriggerId trigger = world.state.schedules.begin()->first;
  static_cast<void>(world.take_effects());
  world.deploy(a_job("j").task(a_task("t")));
  EXPECT_TRUE(world.state.schedules.empty());
  const auto effects = world.take_effects();
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<UnwatchSchedule>(effects[0]).trigger, trigger);
  world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  EXPECT_NE(world.state.schedules.begin()->first, trigger) << "a new schedule, with a new memory";
}

TEST(Deploy, JobsThatStartJobsThatStartThemInsideALoopAreLinked) {
  CoreWorld world;
  const auto jobs =
      world.deploy_all({a_job("a").task(a_task("each").for_each("[1]", a_task("call").starts("b"))),
                        a_job("b").task(a_task("call").starts("a"))});
  const RunId run = world.submit(jobs[0]);
  EXPECT_EQ(world.run(run).links, (std::vector<JobLink>{{.resource_key = "b", .job = jobs[1]}}));
}

}  // namespace
}  // namespace sheaf::core
