// Which ends of a run are told to whom, and what comes of the tries to tell them.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

model::AlertSettings everything() {
  return {.on_start = {{.destination = "started"}},
          .on_success = {{.destination = "succeeded"}},
          .on_failure = {{.destination = "failed"}, {.destination = "failed too"}}};
}

/// Submits a one-time run with these alerts; every place and queue is its own.
RunId submit_with(CoreWorld& world,
                  const model::AlertSettings& alerts,
                  std::int64_t concurrent = 1) {
  model::JobSettings settings = a_job("once").concurrent(concurrent).task(a_task("t")).build();
  settings.alerts = alerts;
  const auto reply =
      world.turn(SubmitOnce{.settings_digest = "d",
                            .settings_json = "{}",
                            .settings = std::make_shared<const model::JobSettings>(settings)});
  return std::get<SubmitReply>(reply.value()).run;
}

std::vector<std::string> told(const CoreWorld& world) {
  std::vector<std::string> destinations;
  for (const AlertRecord& alert : world.alerts()) {
    destinations.push_back(alert.target.destination);
  }
  return destinations;
}

using Destinations = std::vector<std::string>;

TEST(Alerts, TellTheStartAndEachEndToItsOwnTargets) {
  for (const bool fails : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run = submit_with(world, everything());
    EXPECT_EQ(told(world), Destinations{"started"});
    EXPECT_EQ(world.alerts()[0].run_state, RunState::kRunning);
    world.finish(run, "t", fails ? 1 : 0);
    EXPECT_EQ(told(world),
              fails ? (Destinations{"started", "failed", "failed too"})
                    : (Destinations{"started", "succeeded"}));
  }
}

TEST(Alerts, ASuccessWithFailuresIsASuccess) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .alert_on_success("succeeded")
                       .alert_on_failure("failed")
                       .task(a_task("t"))
                       .task(a_task("mend").after("t").run_if(model::RunIf::kAllFailed))));
  world.finish(run, "t", 1);
  world.finish(run, "mend");
  EXPECT_EQ(told(world), Destinations{"succeeded"});
}

TEST(Alerts, OfSkippedRunsAreSentUnlessTheJobMutesThem) {
  for (const bool is_muted : {false, true}) {
    CoreWorld world;
    auto alerts = everything();
    alerts.no_alert_for_skipped_runs = is_muted;
    alerts.no_alert_for_canceled_runs = !is_muted;
    submit_with(world, alerts, 0);
    EXPECT_EQ(told(world), is_muted ? Destinations{} : (Destinations{"failed", "failed too"}));
  }
}

TEST(Alerts, OfCancelledRunsAreSentUnlessTheJobMutesThem) {
  for (const bool is_muted : {false, true}) {
    CoreWorld world;
    auto alerts = everything();
    alerts.no_alert_for_skipped_runs = !is_muted;
    alerts.no_alert_for_canceled_runs = is_muted;
    const RunId run = submit_with(world, alerts);
    ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
    EXPECT_EQ(
        told(world),
        is_muted ? Destinations{"started"} : (Destinations{"started", "failed", "failed too"}));
  }
}

/// A world with one alert that waits to be delivered.
class AlertWorld : public CoreWorld {
 public:
  AlertWorld() {
    submit_with(*this, {.on_start = {{.destination = "ops"}}});
    alert = alerts().at(0).id;
  }

  AlertRecord settle(SettleAlert::Outcome outcome) {
    EXPECT_TRUE(turn(SettleAlert{.alert = alert,
                                 .outcome = outcome,
                                 .next_try = now + std::chrono::seconds(5),
                                 .error = "503"})
                    .has_value());
    return alerts().at(0);
  }

  AlertId alert;
};

TEST(Alerts, APostponedOneWaitsForItsNextTry) {
  AlertWorld world;
  const AlertRecord alert = world.settle(SettleAlert::Outcome::kPostponed);
  EXPECT_EQ(alert.state, AlertRecord::State::kPending);
  EXPECT_EQ(alert.tries, 1U);
  EXPECT_EQ(alert.last_error, "503");
  EXPECT_EQ(alert.next_try, world.now + std::chrono::seconds(5));
}

TEST(Alerts, ADeliveredOrDroppedOneIsOverWhateverIsToldLater) {
  for (const auto& [outcome, state] :
       {std::pair(SettleAlert::Outcome::kDelivered, AlertRecord::State::kDelivered),
        std::pair(SettleAlert::Outcome::kDropped, AlertRecord::State::kDropped)}) {
    AlertWorld world;
    EXPECT_EQ(world.settle(outcome).state, state);
    const AlertRecord after = world.settle(SettleAlert::Outcome::kPostponed);
    EXPECT_EQ(after.state, state);
    EXPECT_EQ(after.tries, 1U);
    EXPECT_EQ(after.next_try, world.now);
  }
}

TEST(Alerts, OneThatNobodyKnowsIsNotFound) {
  CoreWorld world;
  EXPECT_EQ(world.turn(SettleAlert{.alert = AlertId{42}}).error().code, ErrorCode::kNotFound);
}

TEST(Alerts, EachIsOrderedWithWhatItSays) {
  CoreWorld world;
  const RunId run = submit_with(world, {.on_start = {{.destination = "ops"}}});
  const auto effects = world.take_effects();
  const auto* sent = std::get_if<SendAlert>(&effects.at(0));
  ASSERT_NE(sent, nullptr);
  EXPECT_EQ(sent->alert, world.alerts().at(0));
  EXPECT_EQ(sent->alert.run, run);
  EXPECT_EQ(sent->alert.event, AlertEvent::kStart);
  EXPECT_EQ(sent->alert.created, world.now);
  EXPECT_EQ(sent->alert.next_try, world.now);
}

}  // namespace
}  // namespace sheaf::core
