#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

const std::vector<model::AlertTarget>& targets(const model::AlertSettings& alerts,
                                               AlertEvent event) {
  switch (event) {
    case AlertEvent::kStart:
      return alerts.on_start;
    case AlertEvent::kSuccess:
      return alerts.on_success;
    case AlertEvent::kFailure:
      break;
  }
  return alerts.on_failure;
}

}  // namespace

void alert(Draft& draft,
           const RunRecord& run,
           const model::AlertSettings& settings,
           AlertEvent event,
           RunState state,
           const std::string& message) {
  for (const model::AlertTarget& target : targets(settings, event)) {
    const AlertRecord alert{.id = AlertId{draft.draw_ids()},
                            .event = event,
                            .target = target,
                            .run = run.id,
                            .job = run.job,
                            .job_name = run.name,
                            .run_state = state,
                            .message = message,
                            .created = draft.now,
                            .next_try = draft.now};
    draft.record(AlertRecorded{.alert = alert});
    draft.order(SendAlert{.alert = alert});
  }
}

void alert_end(Draft& draft,
               const RunRecord& run,
               const model::AlertSettings& settings,
               RunState state,
               const std::string& message) {
  const bool is_muted = (state == RunState::kSkipped && settings.no_alert_for_skipped_runs) ||
                        (state == RunState::kCancelled && settings.no_alert_for_canceled_runs);
  if (is_muted) {
    return;
  }
  const bool is_success =
      state == RunState::kSucceeded || state == RunState::kSucceededWithFailures;
  alert(draft,
        run,
        settings,
        is_success ? AlertEvent::kSuccess : AlertEvent::kFailure,
        state,
        message);
}

Decision decide_settle_alert(Draft draft, const SettleAlert& command) {
  if (!draft.facts.alert) {
    return reject(ErrorCode::kNotFound, "there is no alert " + to_string(command.alert));
  }
  AlertRecord alert = *draft.facts.alert;
  if (alert.state != AlertRecord::State::kPending) {
    return std::move(draft.step);
  }
  ++alert.tries;
  alert.last_error = command.error;
  switch (command.outcome) {
    case SettleAlert::Outcome::kDelivered:
      alert.state = AlertRecord::State::kDelivered;
      break;
    case SettleAlert::Outcome::kDropped:
      alert.state = AlertRecord::State::kDropped;
      break;
    case SettleAlert::Outcome::kPostponed:
      alert.next_try = command.next_try;
      break;
  }
  draft.record(AlertRecorded{.alert = alert});
  return std::move(draft.step);
}

}  // namespace sheaf::core
