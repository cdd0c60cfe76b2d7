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

}  // namespace
}  // namespace sheaf::core
