#include "worker/core/agent.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/planted.h"

namespace sheaf::agent {
namespace {

/// Refused leases that are remembered: more than come between a refusal and its record.
constexpr std::size_t kMaxRefusals = 1'000;

wire::Started started_message(const Attempt& attempt) {
  return {.attempt = attempt.spec.attempt, .fence = attempt.spec.fence, .started = attempt.started};
}

wire::HeldAttempt::State held_state(Phase phase) {
  switch (phase) {
    case Phase::kPreparing:
    case Phase::kLaunching:
      return wire::HeldAttempt::State::kPreparing;
    case Phase::kRunning:
      return wire::HeldAttempt::State::kRunning;
    case Phase::kReporting:
      return wire::HeldAttempt::State::kFinished;
  }
  check_failed(__FILE__, __LINE__, "phase", "not a Phase");
}

/// A result for an attempt that this worker never held.
wire::ResultReport never_held(AttemptId attempt, std::uint64_t fence) {
  return {.attempt = attempt,
          .fence = fence,
          .outcome = {.end = model::AttemptEnd::kCancelled,
                      .tree_empty = true,
                      .message = "cancelled before it started"}};
}

}  // namespace

void Agent::recover(Attempt attempt) {
  highest_fence_ = std::max(highest_fence_, attempt.spec.fence);
  const AttemptId id = attempt.spec.attempt;
  attempt.is_stream_open = !attempt.spec.stream.empty();
  attempts_.insert_or_assign(id, std::move(attempt));
}

Actions Agent::welcome(const wire::Welcome& message, Milliseconds now) {
  Actions actions;
  for (const AttemptId id : message.kill) {
    if (const auto found = attempts_.find(id); found != attempts_.end()) {
      found->second.is_disowned = true;
      stop(found->second, actions, now);
    }
  }
  for (const AttemptId id : message.forget) {
    if (const auto found = attempts_.find(id); found != attempts_.end()) {
      found->second.is_result_acknowledged = true;
      forget_if_done(id, actions);
    }
  }
  for (auto& [id, attempt] : attempts_) {
    say_owed(attempt, actions, now);
  }
  return actions;
}

Actions Agent::lease(const wire::Lease& message, Milliseconds now) {
  const model::AttemptSpec& spec = message.spec;
  Actions actions;
  if (planted::has("agent.lease_taken_twice")) {
    attempts_.erase(spec.attempt);
  }
  if (const auto found = attempts_.find(spec.attempt); found != attempts_.end()) {
    if (found->second.spec.fence == spec.fence) {
      actions.emplace_back(Say{wire::Accepted{.attempt = spec.attempt, .fence = spec.fence}});
    } else {
      actions.emplace_back(Say{wire::Rejected{
          .attempt = spec.attempt, .fence = spec.fence, .reason = "held under another lease"}});
    }
    return actions;
  }
  if (is_draining_ || active_count() >= slots_ || is_refused(spec)) {
    note_refusal(spec);
    actions.emplace_back(Say{wire::Rejected{.attempt = spec.attempt,
                                            .fence = spec.fence,
                                            .reason = is_draining_ ? "draining" : "no free slot"}});
    return actions;
  }
  highest_fence_ = std::max(highest_fence_, spec.fence);
  attempts_.emplace(spec.attempt,
                    Attempt{.spec = spec,
                            .token = message.token,
                            .is_stream_open = !spec.stream.empty(),
                            .last_said = now});
  actions.emplace_back(StoreLease{spec.attempt});
  actions.emplace_back(Say{wire::Accepted{.attempt = spec.attempt, .fence = spec.fence}});
  actions.emplace_back(Prepare{spec.attempt});
  return actions;
}

bool Agent::is_refused(const model::AttemptSpec& spec) const {
  return std::ranges::find(refused_, std::pair(spec.attempt, spec.fence)) != refused_.end();
}

void Agent::note_refusal(const model::AttemptSpec& spec) {
  if (!is_refused(spec)) {
    refused_.emplace_back(spec.attempt, spec.fence);
  }
  if (refused_.size() > kMaxRefusals) {
    refused_.pop_front();
  }
}

Actions Agent::cancel(const wire::Cancel& message, Milliseconds now) {
  Actions actions;
  const auto found = attempts_.find(message.attempt);
  const bool is_held =
      found != attempts_.end() && (message.fence == 0 || found->second.spec.fence == message.fence);
  if (!is_held) {
    actions.emplace_back(Say{never_held(message.attempt, message.fence)});
    return actions;
  }
  if (found->second.phase == Phase::kReporting) {
    say_owed(found->second, actions, now);
  } else {
    stop(found->second, actions, now);
  }
  return actions;
}

void Agent::stop(Attempt& attempt, Actions& actions, Milliseconds now) {
  if (std::exchange(attempt.is_stop_requested, true) && attempt.phase != Phase::kRunning) {
    return;
  }
  const AttemptId id = attempt.spec.attempt;
  switch (attempt.phase) {
    case Phase::kPreparing: {
      actions.emplace_back(StopPreparing{id});
      attempt.phase = Phase::kReporting;
      if (attempt.is_disowned) {
        attempt.is_result_acknowledged = true;
        attempt.are_logs_shipped = true;
        forget_if_done(id, actions);
        return;
      }
      attempt.outcome = never_held(id, attempt.spec.fence).outcome;
      actions.emplace_back(StoreOutcome{id});
      actions.emplace_back(FinishLogs{id});
      say_owed(attempt, actions, now);
      return;
    }
    case Phase::kLaunching:
    case Phase::kRunning:
      actions.emplace_back(StopProcess{id});
      return;
    case Phase::kReporting:
      if (attempt.is_disowned) {
        attempt.is_result_acknowledged = true;
        attempt.are_logs_shipped = true;
        forget_if_done(id, actions);
      }
      return;
  }
}

void Agent::start_acknowledged(const wire::StartedAck& message) {
  if (Attempt* attempt = find_current(message.attempt, message.fence)) {
    attempt->is_start_acknowledged = true;
  }
}

Actions Agent::values_acknowledged(const wire::ValuesAck& message, Milliseconds now) {
  Actions actions;
  Attempt* attempt = find_current(message.attempt, message.fence);
  if (attempt == nullptr || attempt->phase != Phase::kReporting ||
      std::exchange(attempt->are_values_acknowledged, true)) {
    return actions;
  }
  if (!message.refusal.empty()) {
    // A success without its values would be a lie.
    attempt->outcome.end = model::AttemptEnd::kExited;
    attempt->outcome.exit_code = 1;
    attempt->outcome.message = "task values refused: " + message.refusal;
    attempt->values.clear();
    actions.emplace_back(StoreOutcome{message.attempt});
  }
  say_owed(*attempt, actions, now);
  return actions;
}

Actions Agent::result_acknowledged(const wire::ResultAck& message) {
  Actions actions;
  if (Attempt* attempt = find_current(message.attempt, message.fence)) {
    attempt->is_result_acknowledged = true;
    forget_if_done(message.attempt, actions);
  }
  return actions;
}

Actions Agent::report_lease_not_stored(AttemptId id, const std::string& reason) {
  Actions actions;
  const auto found = attempts_.find(id);
  if (found != attempts_.end()) {
    note_refusal(found->second.spec);
    actions.emplace_back(
        Say{wire::Rejected{.attempt = id, .fence = found->second.spec.fence, .reason = reason}});
    attempts_.erase(found);
  }
  return actions;
}

bool Agent::report_prepared(AttemptId id) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end() || found->second.phase != Phase::kPreparing) {
    return false;
  }
  found->second.phase = Phase::kLaunching;
  return true;
}

Actions Agent::report_not_started(AttemptId id, std::string message, Milliseconds now) {
  const auto found = attempts_.find(id);
  if (found == attempts_.end() || found->second.phase == Phase::kReporting) {
    return {};
  }
  const bool was_stopped = found->second.is_stop_requested;
  return report_ended(
      id,
      {.end = was_stopped ? model::AttemptEnd::kCancelled : model::AttemptEnd::kNotStarted,
       .tree_empty = true,
       .message = std::move(message)},
      {},
      false,
      now);
}

Actions Agent::report_started(AttemptId id, Timestamp started, Milliseconds now) {
  Actions actions;
  const auto found = attempts_.find(id);
  if (found == attempts_.end() || found->second.phase != Phase::kLaunching) {
    return actions;
  }
  found->second.phase = Phase::kRunning;
  found->second.started = started;
  if (found->second.is_stop_requested) {
    actions.emplace_back(StopProcess{id});
  }
  say_owed(found->second, actions, now);
  return actions;
}

Actions Agent::report_ended(AttemptId id,
                            model::AttemptOutcome outcome,
                            std::vector<model::TaskValue> values,
                            bool is_recorded,
                            Milliseconds now) {
  Actions actions;
  const auto found = attempts_.find(id);
  if (found == attempts_.end() || found->second.phase == Phase::kReporting) {
    return actions;
  }
  Attempt& attempt = found->second;
  attempt.phase = Phase::kReporting;
  attempt.outcome = std::move(outcome);
  attempt.values = std::move(values);
  attempt.are_values_acknowledged = attempt.values.empty();
  if (attempt.is_disowned) {
    attempt.is_result_acknowledged = true;
    attempt.are_logs_shipped = true;
    forget_if_done(id, actions);
    return actions;
  }
  if (!is_recorded) {
    actions.emplace_back(StoreOutcome{id});
  }
  actions.emplace_back(FinishLogs{id});
  say_owed(attempt, actions, now);
  return actions;
}

Actions Agent::report_logs_shipped(AttemptId id) {
  Actions actions;
  if (const auto found = attempts_.find(id); found != attempts_.end()) {
    found->second.are_logs_shipped = true;
    forget_if_done(id, actions);
  }
  return actions;
}

void Agent::distrust_logs() {
  for (auto& [id, attempt] : attempts_) {
    attempt.are_logs_shipped = false;
  }
}

Actions Agent::owed(Milliseconds now, Milliseconds resend_after) {
  Actions actions;
  for (auto& [id, attempt] : attempts_) {
    if (now - attempt.last_said >= resend_after) {
      say_owed(attempt, actions, now);
    }
  }
  return actions;
}

void Agent::say_owed(Attempt& attempt, Actions& actions, Milliseconds now) {
  attempt.last_said = now;
  if (attempt.phase == Phase::kRunning && !attempt.is_start_acknowledged) {
    actions.emplace_back(Say{started_message(attempt)});
  }
  if (attempt.outcomes) {
    actions.emplace_back(Say{*attempt.outcomes});
  }
  if (attempt.phase == Phase::kReporting && !attempt.is_result_acknowledged) {
    say_result(attempt, actions, now);
  }
}

void Agent::say_result(Attempt& attempt, Actions& actions, Milliseconds now) {
  attempt.last_said = now;
  if ((attempt.is_stream_open || attempt.outcomes) &&
      !planted::has("agent.result_before_outcomes")) {
    return;
  }
  if (attempt.are_values_acknowledged || attempt.values.empty()) {
    actions.emplace_back(Say{wire::ResultReport{
        .attempt = attempt.spec.attempt, .fence = attempt.spec.fence, .outcome = attempt.outcome}});
    return;
  }
  for (wire::Values& part :
       wire::split_values({.attempt = attempt.spec.attempt,
                           .fence = attempt.spec.fence,
                           .sequence = 1,
                           .total = static_cast<std::uint32_t>(attempt.values.size()),
                           .entries = attempt.values})) {
    actions.emplace_back(Say{std::move(part)});
  }
}

std::vector<wire::HeldAttempt> Agent::held() const {
  std::vector<wire::HeldAttempt> held;
  held.reserve(attempts_.size());
  for (const auto& [id, attempt] : attempts_) {
    held.push_back(
        {.attempt = id, .fence = attempt.spec.fence, .state = held_state(attempt.phase)});
  }
  return held;
}

const Attempt* Agent::find(AttemptId id) const {
  const auto found = attempts_.find(id);
  return found == attempts_.end() ? nullptr : &found->second;
}

std::uint32_t Agent::active_count() const {
  return static_cast<std::uint32_t>(std::ranges::count_if(
      attempts_, [](const auto& entry) { return entry.second.phase != Phase::kReporting; }));
}

bool Agent::has_unanswered() const {
  return std::ranges::any_of(attempts_, [](const auto& entry) {
    const Attempt& attempt = entry.second;
    return (attempt.phase == Phase::kRunning && !attempt.is_start_acknowledged) ||
           attempt.outcomes.has_value() ||
           (attempt.phase == Phase::kReporting && !attempt.is_result_acknowledged);
  });
}

Attempt* Agent::find_current(AttemptId id, std::uint64_t fence) {
  const auto found = attempts_.find(id);
  return found != attempts_.end() && found->second.spec.fence == fence ? &found->second : nullptr;
}

void Agent::forget_if_done(AttemptId id, Actions& actions) {
  const auto found = attempts_.find(id);
  if (found != attempts_.end() && found->second.phase == Phase::kReporting &&
      (found->second.is_result_acknowledged ||
       planted::has("agent.forgets_before_acknowledgement")) &&
      found->second.are_logs_shipped) {
    actions.emplace_back(Forget{id});
    attempts_.erase(found);
  }
}

}  // namespace sheaf::agent
