// How the agent passes on what the processes of streams say, one report after the other.
#include <utility>

#include "worker/core/agent.h"

namespace sheaf::agent {

Actions Agent::outcomes_acknowledged(const wire::OutcomesAck& message, Milliseconds now) {
  Actions actions;
  Attempt* attempt = find_current(message.attempt, message.fence);
  if (attempt == nullptr || !attempt->outcomes || attempt->outcomes->offset != message.offset) {
    return actions;
  }
  attempt->outcomes.reset();
  if (!attempt->is_stream_open) {
    say_owed(*attempt, actions, now);
  }
  return actions;
}

Actions Agent::report_outcomes(wire::Outcomes outcomes, Milliseconds now) {
  Actions actions;
  Attempt& attempt = attempts_.at(outcomes.attempt);
  attempt.last_said = now;
  attempt.outcomes = std::move(outcomes);
  actions.emplace_back(Say{*attempt.outcomes});
  return actions;
}

Actions Agent::report_stream_read(AttemptId id, Milliseconds now) {
  Actions actions;
  Attempt& attempt = attempts_.at(id);
  attempt.is_stream_open = false;
  say_owed(attempt, actions, now);
  return actions;
}

std::vector<AttemptId> Agent::open_streams() const {
  std::vector<AttemptId> open;
  for (const auto& [id, attempt] : attempts_) {
    const bool has_run = attempt.phase == Phase::kRunning || attempt.phase == Phase::kReporting;
    if (attempt.is_stream_open && !attempt.outcomes && has_run) {
      open.push_back(id);
    }
  }
  return open;
}

}  // namespace sheaf::agent
