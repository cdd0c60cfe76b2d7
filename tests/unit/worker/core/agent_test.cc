#include "worker/core/agent.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sheaf::agent {
namespace {

constexpr Milliseconds kNow{1'000'000};
constexpr AttemptId kAttempt{7};

wire::Lease a_lease(AttemptId attempt = kAttempt, std::uint64_t fence = 3) {
  return {.spec = {.attempt = attempt, .run = {1}, .task_key = "t", .fence = fence},
          .token = "token"};
}

template <typename Kind>
const Kind* find_action(const Actions& actions) {
  for (const Action& action : actions) {
    if (const auto* found = std::get_if<Kind>(&action)) {
      return found;
    }
  }
  return nullptr;
}

template <typename Message>
const Message* find_said(const Actions& actions) {
  for (const Action& action : actions) {
    if (const auto* say = std::get_if<Say>(&action)) {
      if (const auto* message = std::get_if<Message>(&say->message)) {
        return message;
      }
    }
  }
  return nullptr;
}

model::AttemptOutcome success() {
  return {.end = model::AttemptEnd::kExited, .tree_empty = true};
}

/// An agent whose attempt runs.
Agent running_agent() {
  Agent agent(2);
  static_cast<void>(agent.lease(a_lease(), kNow));
  EXPECT_TRUE(agent.report_prepared(kAttempt));
  static_cast<void>(agent.report_started(kAttempt, from_epoch_ms(5), kNow));
  return agent;
}

TEST(Agent, StoresALeaseBeforeItAcceptsAndPrepares) {
  Agent agent(1);
  const Actions actions = agent.lease(a_lease(), kNow);
  ASSERT_EQ(actions.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<StoreLease>(actions[0]));
  EXPECT_NE(find_said<wire::Accepted>({actions[1]}), nullptr);
  EXPECT_TRUE(std::holds_alternative<Prepare>(actions[2]));
}

TEST(Agent, ALeaseThatComesTwiceIsAcceptedTwiceAndPreparedOnce) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  const Actions again = agent.lease(a_lease(), kNow);
  EXPECT_NE(find_said<wire::Accepted>(again), nullptr);
  EXPECT_EQ(find_action<Prepare>(again), nullptr);
}

TEST(Agent, RefusesWhatItHasNoSlotFor) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  EXPECT_NE(find_said<wire::Rejected>(agent.lease(a_lease({8}), kNow)), nullptr);
}

TEST(Agent, ADrainingWorkerTakesNothingMore) {
  Agent agent(1);
  agent.drain();
  EXPECT_NE(find_said<wire::Rejected>(agent.lease(a_lease(), kNow)), nullptr);
}

TEST(Agent, ALeaseThatCannotBeStoredIsRejected) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  const Actions actions = agent.report_lease_not_stored(kAttempt, "disk full");
  ASSERT_NE(find_said<wire::Rejected>(actions), nullptr);
  EXPECT_EQ(agent.find(kAttempt), nullptr);
}

TEST(Agent, RepeatsTheStartUntilItIsAcknowledged) {
  Agent agent = running_agent();
  EXPECT_NE(find_said<wire::Started>(agent.owed(kNow + Milliseconds{2'000}, Milliseconds{2'000})),
            nullptr);
  agent.start_acknowledged({.attempt = kAttempt, .fence = 3});
  EXPECT_TRUE(agent.owed(kNow + Milliseconds{9'000}, Milliseconds{2'000}).empty());
  EXPECT_FALSE(agent.has_unanswered());
}

TEST(Agent, ReportsValuesFirstAndTheResultOnceTheyAreDurable) {
  Agent agent = running_agent();
  const Actions ended =
      agent.report_ended(kAttempt, success(), {{.key = "k", .json = "1"}}, true, kNow);
  ASSERT_NE(find_said<wire::Values>(ended), nullptr);
  EXPECT_EQ(find_said<wire::ResultReport>(ended), nullptr);
  const Actions acknowledged = agent.values_acknowledged(
      {.attempt = kAttempt, .fence = 3, .sequence = 1, .refusal = ""}, kNow);
  EXPECT_NE(find_said<wire::ResultReport>(acknowledged), nullptr);
}

TEST(Agent, ASuccessWhoseValuesAreRefusedIsReportedAsAFailure) {
  Agent agent = running_agent();
  static_cast<void>(
      agent.report_ended(kAttempt, success(), {{.key = "k", .json = "1"}}, true, kNow));
  const Actions actions = agent.values_acknowledged(
      {.attempt = kAttempt, .fence = 3, .sequence = 1, .refusal = "too many"}, kNow);
  EXPECT_NE(find_action<StoreOutcome>(actions), nullptr);
  const auto* result = find_said<wire::ResultReport>(actions);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->outcome.exit_code, 1);
}

TEST(Agent, ForgetsOnlyWhenTheResultIsDurableAndTheLogsAreShipped) {
  Agent agent = running_agent();
  static_cast<void>(agent.report_ended(kAttempt, success(), {}, true, kNow));
  EXPECT_TRUE(agent.result_acknowledged({.attempt = kAttempt, .fence = 3}).empty());
  EXPECT_NE(find_action<Forget>(agent.report_logs_shipped(kAttempt)), nullptr);
  EXPECT_EQ(agent.find(kAttempt), nullptr);
}

TEST(Agent, ShipsLogsAnewThatItsSchedulerDistrusts) {
  Agent agent = running_agent();
  static_cast<void>(agent.report_ended(kAttempt, success(), {}, true, kNow));
  static_cast<void>(agent.report_logs_shipped(kAttempt));
  agent.distrust_logs();
  EXPECT_TRUE(agent.result_acknowledged({.attempt = kAttempt, .fence = 3}).empty());
  EXPECT_NE(find_action<Forget>(agent.report_logs_shipped(kAttempt)), nullptr);
}

TEST(Agent, AnAcknowledgementUnderAnotherFenceDoesNotCount) {
  Agent agent = running_agent();
  static_cast<void>(agent.report_ended(kAttempt, success(), {}, true, kNow));
  static_cast<void>(agent.report_logs_shipped(kAttempt));
  EXPECT_TRUE(agent.result_acknowledged({.attempt = kAttempt, .fence = 4}).empty());
  EXPECT_NE(agent.find(kAttempt), nullptr);
}

TEST(Agent, ACancelOfARunningAttemptStopsItsProcessEachTime) {
  Agent agent = running_agent();
  EXPECT_NE(find_action<StopProcess>(agent.cancel({.attempt = kAttempt, .fence = 3}, kNow)),
            nullptr);
  EXPECT_NE(find_action<StopProcess>(agent.cancel({.attempt = kAttempt, .fence = 3}, kNow)),
            nullptr);
}

TEST(Agent, ACancelWhilePreparingEndsTheAttemptAtOnce) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  const Actions actions = agent.cancel({.attempt = kAttempt, .fence = 3}, kNow);
  EXPECT_NE(find_action<StopPreparing>(actions), nullptr);
  EXPECT_NE(find_action<StoreOutcome>(actions), nullptr);
  const auto* result = find_said<wire::ResultReport>(actions);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->outcome.end, model::AttemptEnd::kCancelled);
  EXPECT_TRUE(result->outcome.tree_empty);
  EXPECT_FALSE(agent.report_prepared(kAttempt));
}

TEST(Agent, ACancelOfAnAttemptItNeverHeldIsAnsweredWithAnEmptyTree) {
  Agent agent(1);
  const Actions actions = agent.cancel({.attempt = {99}, .fence = 5}, kNow);
  const auto* result = find_said<wire::ResultReport>(actions);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->fence, 5U);
  EXPECT_TRUE(result->outcome.tree_empty);
}

TEST(Agent, AWelcomeRepeatsWhatIsUnansweredAndKillsWhatIsDisowned) {
  Agent agent = running_agent();
  EXPECT_NE(find_said<wire::Started>(agent.welcome({.adopt = {kAttempt}}, kNow)), nullptr);
  EXPECT_NE(find_action<StopProcess>(agent.welcome({.kill = {kAttempt}}, kNow)), nullptr);
  const Actions ended = agent.report_ended(kAttempt, success(), {}, true, kNow);
  EXPECT_NE(find_action<Forget>(ended), nullptr);
  EXPECT_EQ(find_said<wire::ResultReport>(ended), nullptr);
}

TEST(Agent, AWelcomeForgetsWhatTheSchedulerKnowsToBeOverOnceItsLogsAreShipped) {
  Agent agent = running_agent();
  static_cast<void>(agent.report_ended(kAttempt, success(), {}, true, kNow));
  const Actions actions = agent.welcome({.forget = {kAttempt}}, kNow);
  EXPECT_EQ(find_said<wire::ResultReport>(actions), nullptr);
  EXPECT_EQ(find_action<Forget>(actions), nullptr);
  EXPECT_NE(find_action<Forget>(agent.report_logs_shipped(kAttempt)), nullptr);
}

TEST(Agent, ARefusedLeaseStaysRefusedWhenItIsSentAgain) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  static_cast<void>(agent.lease(a_lease({8}), kNow));
  static_cast<void>(agent.cancel({.attempt = kAttempt, .fence = 3}, kNow));
  ASSERT_EQ(agent.active_count(), 0U);
  EXPECT_NE(find_said<wire::Rejected>(agent.lease(a_lease({8}), kNow)), nullptr);
  EXPECT_NE(find_said<wire::Accepted>(agent.lease(a_lease({8}, 4), kNow)), nullptr);
}

TEST(Agent, AStopThatCameDuringTheLaunchReachesTheProcess) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  EXPECT_TRUE(agent.report_prepared(kAttempt));
  static_cast<void>(agent.cancel({.attempt = kAttempt, .fence = 3}, kNow));
  const Actions started = agent.report_started(kAttempt, from_epoch_ms(5), kNow);
  EXPECT_NE(find_action<StopProcess>(started), nullptr);
}

TEST(Agent, TellsWhatItHoldsInThreeStates) {
  Agent agent = running_agent();
  static_cast<void>(agent.lease(a_lease({8}), kNow));
  const auto held = agent.held();
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].state, wire::HeldAttempt::State::kRunning);
  EXPECT_EQ(held[1].state, wire::HeldAttempt::State::kPreparing);
}

TEST(Agent, WhatCannotBePreparedIsReportedWithItsReason) {
  Agent agent(1);
  static_cast<void>(agent.lease(a_lease(), kNow));
  const Actions actions = agent.report_not_started(kAttempt, "no such package", kNow);
  EXPECT_NE(find_action<StoreOutcome>(actions), nullptr);
  const auto* result = find_said<wire::ResultReport>(actions);
  ASSERT_NE(result, nullptr);
  EXPECT_EQ(result->outcome.end, model::AttemptEnd::kNotStarted);
  EXPECT_EQ(result->outcome.message, "no such package");
}

/// An agent whose attempt is a stream that runs.
Agent streaming_agent() {
  Agent agent(2);
  wire::Lease lease = a_lease();
  lease.spec.stream = {{.index = 4, .json = "1"}, {.index = 5, .json = "2"}};
  static_cast<void>(agent.lease(lease, kNow));
  EXPECT_TRUE(agent.report_prepared(kAttempt));
  EXPECT_TRUE(agent.open_streams().empty());
  static_cast<void>(agent.report_started(kAttempt, from_epoch_ms(5), kNow));
  agent.start_acknowledged({.attempt = kAttempt, .fence = 3});
  return agent;
}

wire::Outcomes some_outcomes(std::uint64_t offset) {
  return {.attempt = kAttempt,
          .fence = 3,
          .offset = offset,
          .entries = {{.index = 4, .is_success = true, .error = ""}}};
}

TEST(Agent, ReportsOutcomesOneListAtATimeUntilEachIsDurable) {
  Agent agent = streaming_agent();
  EXPECT_EQ(agent.open_streams(), std::vector{kAttempt});
  EXPECT_NE(find_said<wire::Outcomes>(agent.report_outcomes(some_outcomes(20), kNow)), nullptr);
  EXPECT_TRUE(agent.open_streams().empty());
  EXPECT_TRUE(agent.has_unanswered());
  EXPECT_NE(find_said<wire::Outcomes>(agent.owed(kNow + Milliseconds{2'000}, Milliseconds{2'000})),
            nullptr);
  static_cast<void>(
      agent.outcomes_acknowledged({.attempt = kAttempt, .fence = 3, .offset = 19}, kNow));
  EXPECT_TRUE(agent.open_streams().empty());
  static_cast<void>(
      agent.outcomes_acknowledged({.attempt = kAttempt, .fence = 3, .offset = 20}, kNow));
  EXPECT_EQ(agent.open_streams(), std::vector{kAttempt});
}

TEST(Agent, TheResultOfAStreamComesAfterItsLastOutcome) {
  Agent agent = streaming_agent();
  static_cast<void>(agent.report_outcomes(some_outcomes(20), kNow));
  const Actions ended = agent.report_ended(kAttempt, success(), {}, true, kNow);
  EXPECT_EQ(find_said<wire::ResultReport>(ended), nullptr);
  const Actions acknowledged =
      agent.outcomes_acknowledged({.attempt = kAttempt, .fence = 3, .offset = 20}, kNow);
  EXPECT_EQ(find_said<wire::ResultReport>(acknowledged), nullptr);
  EXPECT_EQ(agent.open_streams(), std::vector{kAttempt});
  EXPECT_NE(find_said<wire::ResultReport>(agent.report_stream_read(kAttempt, kNow)), nullptr);
  EXPECT_TRUE(agent.open_streams().empty());
}

TEST(Agent, AStreamThatIsTakenUpAgainIsReadFromItsBeginning) {
  Agent agent(1);
  agent.recover({.spec = {.attempt = kAttempt,
                          .run = {1},
                          .task_key = "t",
                          .fence = 3,
                          .stream = {{.index = 0, .json = "1"}}},
                 .phase = Phase::kReporting,
                 .outcome = success()});
  EXPECT_EQ(agent.open_streams(), std::vector{kAttempt});
  EXPECT_EQ(find_said<wire::ResultReport>(agent.welcome({}, kNow)), nullptr);
}

}  // namespace
}  // namespace sheaf::agent
