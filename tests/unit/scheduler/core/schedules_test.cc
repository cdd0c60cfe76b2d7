#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

struct ScheduledWorld : CoreWorld {
  JobId job = deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t")));
  TriggerId trigger = state.schedules.begin()->first;

  FireTrigger fire(Timestamp nominal, std::vector<Timestamp> skipped = {}) const {
    return {.trigger = trigger,
            .job = job,
            .nominal = nominal,
            .following = nominal + std::chrono::hours(24),
            .skipped = std::move(skipped)};
  }
  std::size_t skips() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const Event& event) { return std::holds_alternative<FireSkipped>(event); }));
  }
};

TEST(Schedules, OneNominalTimeStartsOneRun) {
  ScheduledWorld world;
  const Timestamp nominal = world.now + std::chrono::hours(1);
  world.now = nominal;
  const auto first = world.turn(world.fire(nominal));
  ASSERT_TRUE(first.has_value());
  const RunRecord run = world.run(std::get<SubmitReply>(*first).run);
  EXPECT_EQ(run.trigger.kind, TriggerKind::kSchedule);
  EXPECT_EQ(run.trigger.nominal, nominal);
  const auto again = world.turn(world.fire(nominal));
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::kConflict);
  EXPECT_EQ(world.state.schedules.at(world.trigger).next, nominal + std::chrono::hours(24));
}

TEST(Schedules, ASettledTimeStaysSettledOverARestart) {
  ScheduledWorld world;
  const Timestamp nominal = world.now + std::chrono::hours(1);
  ASSERT_TRUE(world.turn(world.fire(nominal)).has_value());
  world.restart();
  EXPECT_FALSE(world.turn(world.fire(nominal)).has_value());
}

TEST(Schedules, MissedTimesAreRecordedAndTheLatestStartsOneRun) {
  ScheduledWorld world;
  const Timestamp first = world.now + std::chrono::hours(1);
  const auto fired = world.turn(
      world.fire(first + std::chrono::hours(48), {first, first + std::chrono::hours(24)}));
  ASSERT_TRUE(fired.has_value());
  EXPECT_EQ(world.skips(), 2U);
  EXPECT_FALSE(world.turn(world.fire(first)).has_value());
}

TEST(Schedules, APausedScheduleFiresNothing) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").schedule("0 0 8 * * ?").paused().task(a_task("t")));
  const TriggerId trigger = world.state.schedules.begin()->first;
  EXPECT_FALSE(
      world
          .turn(FireTrigger{
              .trigger = trigger, .job = job, .nominal = world.now + std::chrono::hours(1)})
          .has_value());
}

TEST(Schedules, UnpausingOwesNothingOfTheTimeBefore) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").schedule("0 0 8 * * ?").paused().task(a_task("t")));
  world.now += std::chrono::hours(72);
  EXPECT_EQ(world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("t"))), job);
  EXPECT_EQ(world.state.schedules.begin()->second.settled, world.now);
}

TEST(Schedules, AnUnchangedScheduleKeepsItsMemoryOverADeploy) {
  ScheduledWorld world;
  const Timestamp nominal = world.now + std::chrono::hours(1);
  ASSERT_TRUE(world.turn(world.fire(nominal)).has_value());
  world.deploy(a_job("j").schedule("0 0 8 * * ?").task(a_task("changed")));
  EXPECT_EQ(world.state.schedules.at(world.trigger).settled, nominal);
}

TEST(Schedules, AChangedScheduleForgetsNoFireWhenTheClockWentBack) {
  ScheduledWorld world;
  const Timestamp nominal = world.now + std::chrono::hours(1);
  ASSERT_TRUE(world.turn(world.fire(nominal)).has_value());
  world.now -= std::chrono::hours(1);
  world.deploy(a_job("j").schedule("0 0 7,8 * * ?").task(a_task("t")));
  EXPECT_EQ(world.state.schedules.at(world.trigger).settled, nominal);
}

TEST(Schedules, OneThatIsGoneOrOfAnotherJobFiresNothing) {
  ScheduledWorld world;
  const Timestamp nominal = world.now + std::chrono::hours(1);
  FireTrigger command = world.fire(nominal);
  command.job = JobId{999'999};
  EXPECT_EQ(world.turn(command).error().code, ErrorCode::kNotFound);
  command = world.fire(nominal);
  command.trigger = TriggerId{999'999};
  EXPECT_EQ(world.turn(command).error().code, ErrorCode::kNotFound);
  const auto gone = decide(world.state, {}, world.fire(nominal), world.now, 99);
  EXPECT_EQ(gone.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(world.turn(world.fire(nominal)).has_value());
}

TEST(Schedules, ArmsOnlyWithATimeThatIsNews) {
  ScheduledWorld world;
  const ArmTrigger command{.trigger = world.trigger, .next = world.now + std::chrono::hours(1)};
  ASSERT_TRUE(world.turn(command).has_value());
  EXPECT_EQ(world.state.schedules.at(world.trigger).next, command.next);
  const std::size_t before = world.events.size();
  ASSERT_TRUE(world.turn(command).has_value());
  EXPECT_EQ(world.events.size(), before);
  EXPECT_EQ(world.turn(ArmTrigger{.trigger = TriggerId{999'999}}).error().code,
            ErrorCode::kNotFound);
}

TEST(Schedules, OneOfAnotherJobFiresNothingThoughThatJobIsThere) {
  ScheduledWorld world;
  FireTrigger command = world.fire(world.now + std::chrono::hours(1));
  command.job = JobId{999'999};
  Facts facts;
  facts.job = JobRecord{.id = command.job};
  EXPECT_EQ(decide(world.state, facts, command, world.now, 9).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sheaf::core
