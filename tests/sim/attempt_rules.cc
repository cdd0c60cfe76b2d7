#include "tests/sim/attempt_rules.h"

#include <algorithm>

namespace sheaf::sim {
namespace {

using model::AttemptEnd;
using model::StopReason;
using model::TaskState;

/// A stop that the scheduler ordered for a timeout is a timeout.
bool has_timed_out(const core::AttemptRecord& attempt) {
  return attempt.outcome.end == AttemptEnd::kTimedOut ||
         (attempt.outcome.end == AttemptEnd::kCancelled && attempt.state == TaskState::kTimedOut);
}

/// What the attempt makes of its task if it is the last one.
TaskState state_after(const core::AttemptRecord& attempt) {
  if (has_timed_out(attempt)) {
    return TaskState::kTimedOut;
  }
  switch (attempt.outcome.end) {
    case AttemptEnd::kExited:
      return attempt.outcome.exit_code == 0 ? TaskState::kSucceeded : TaskState::kFailed;
    case AttemptEnd::kSignalled:
      return TaskState::kFailed;
    case AttemptEnd::kTimedOut:
      return TaskState::kTimedOut;
    case AttemptEnd::kCancelled:
      return TaskState::kCancelled;
    case AttemptEnd::kNotStarted:
    case AttemptEnd::kLost:
      return TaskState::kInternalError;
  }
  return TaskState::kInternalError;
}

/// Attempts so far that were no losses, and losses.
struct Used {
  int retries = 0;
  int losses = 0;
};

/// Whether another attempt follows in a run that is not stopped.
bool may_repeat(const model::TaskSettings& settings,
                const core::AttemptRecord& attempt,
                const Used& used) {
  const model::RetryFilter& filter = settings.retry_only_on;
  if (attempt.outcome.end == AttemptEnd::kLost) {
    return used.losses < settings.max_lost && (filter.is_empty() || filter.on_lost);
  }
  const TaskState state = state_after(attempt);
  const bool is_worth_it = state == TaskState::kFailed || state == TaskState::kInternalError ||
                           (state == TaskState::kTimedOut && settings.retry_on_timeout);
  const bool has_retries = settings.max_retries < 0 || used.retries < settings.max_retries;
  return is_worth_it && has_retries && is_wanted_end(filter, attempt);
}

}  // namespace

bool is_wanted_end(const model::RetryFilter& filter, const core::AttemptRecord& attempt) {
  if (filter.is_empty()) {
    return true;
  }
  const model::AttemptOutcome& outcome = attempt.outcome;
  if (outcome.out_of_memory) {
    return filter.on_out_of_memory;
  }
  if (has_timed_out(attempt)) {
    return filter.on_timeout;
  }
  const bool has_status =
      outcome.end == AttemptEnd::kExited || outcome.end == AttemptEnd::kSignalled;
  const int status =
      outcome.end == AttemptEnd::kSignalled ? 128 + outcome.signal : outcome.exit_code;
  return has_status && std::ranges::count(filter.exit_codes, status) > 0;
}

std::optional<std::string> find_attempt_fault(const TriedTask& task) {
  Used used;
  for (std::size_t index = 0; index < task.attempts.size(); ++index) {
    const core::AttemptRecord& attempt = task.attempts[index];
    const std::string name = "attempt " + std::to_string(index);
    if (attempt.number != index) {
      return name + " has the number " + std::to_string(attempt.number);
    }
    const bool is_last = index + 1 == task.attempts.size();
    const bool goes_on = may_repeat(task.settings, attempt, used);
    if (!is_last && !goes_on) {
      return name + " must have been the last";
    }
    const bool was_being_stopped =
        task.row.stop_reason != StopReason::kNone && attempt.outcome.end == AttemptEnd::kLost;
    if (is_last && goes_on && !task.may_be_stopped && !was_being_stopped) {
      return name + " must not have been the last";
    }
    (attempt.outcome.end == AttemptEnd::kLost ? used.losses : used.retries) += 1;
  }
  const bool is_stop = task.row.state == TaskState::kCancelled ||
                       (task.is_stream && task.row.state == TaskState::kTimedOut);
  if (task.may_be_stopped && is_stop) {
    return std::nullopt;  // Stopped between two attempts, or with its last one.
  }
  const TaskState wanted = state_after(task.attempts.back());
  if (task.row.state != wanted) {
    return "its last attempt makes it " + std::string(to_string(wanted));
  }
  return std::nullopt;
}

}  // namespace sheaf::sim
