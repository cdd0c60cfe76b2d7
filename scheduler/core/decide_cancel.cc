// What users end and delete.
#include <algorithm>

#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// Ends one task of a running run at a user's wish.
void cancel_task(Draft& draft, const LiveRun& run, TaskIndex task) {
  switch (run.tasks.state[task]) {
    case TaskState::kLeased:
    case TaskState::kRunning:
      stop_attempt(draft, run, task, StopReason::kUserCancel);
      return;
    case TaskState::kDelegated:
      draft.record(DelegationStopRequested{
          .run = run.record.id, .task = task, .reason = StopReason::kUserCancel});
      stop_delegates(draft, run, task, StopReason::kUserCancel);
      return;
    case TaskState::kBlocked:
    case TaskState::kReady:
    case TaskState::kWaitingRetry:
      finish_task(draft, {run.record.id, task}, TaskState::kCancelled, "Cancelled by user.");
      return;
    case TaskState::kStopping:
    case TaskState::kStreaming:
    case TaskState::kSucceeded:
    case TaskState::kFailed:
    case TaskState::kTimedOut:
    case TaskState::kCancelled:
    case TaskState::kExcluded:
    case TaskState::kUpstreamFailed:
    case TaskState::kUpstreamCancelled:
    case TaskState::kDisabled:
    case TaskState::kInternalError:
      return;
  }
}

void cancel_run(Draft& draft, const LiveRun& run) {
  const std::string message = "Run cancelled by user.";
  if (run.record.state == RunState::kQueued) {
    end_queued_run(draft, run, RunState::kCancelled, message);
  } else if (run.record.state == RunState::kRunning) {
    stop_run(draft, run, StopReason::kUserCancel, message);
  }
}

}  // namespace

Decision decide_cancel(Draft draft, const CancelRun& command) {
  const LiveRun* run = draft.state.find_run(command.run);
  if (run == nullptr) {
    if (draft.facts.run_state) {
      return std::move(draft.step);
    }
    return reject(ErrorCode::kNotFound, "Run " + to_string(command.run) + " does not exist.");
  }
  if (!command.attempt.is_valid()) {
    cancel_run(draft, *run);
    return std::move(draft.step);
  }
  if (const auto held = draft.state.attempts.find(command.attempt);
      held != draft.state.attempts.end() && held->second.run == command.run &&
      is_stream(*run, held->second.task)) {
    return reject(
        ErrorCode::kConflict,
        "Task run " + to_string(command.attempt) +
            " is one process of a stream with others: cancel the for-each task or the run.");
  }
  const auto& attempts = run->tasks.attempt;
  const auto found = std::ranges::find(attempts, command.attempt);
  if (found != attempts.end() && run->record.state == RunState::kRunning) {
    cancel_task(draft, *run, static_cast<TaskIndex>(found - attempts.begin()));
  }
  return std::move(draft.step);
}

Decision decide_cancel_all(Draft draft, const CancelAllRuns& command) {
  for (const auto& [id, run] : draft.state.runs) {
    const bool is_meant = !command.job.is_valid() || run->record.job == command.job;
    const bool is_queued = run->record.state == RunState::kQueued;
    const bool all_active = command.which == CancelAllRuns::Which::kActive;
    if (is_meant && (is_queued || all_active)) {
      cancel_run(draft, *run);
    }
  }
  return std::move(draft.step);
}

Decision decide_delete(Draft draft, const DeleteRun& command) {
  if (draft.state.find_run(command.run) != nullptr) {
    return reject(ErrorCode::kConflict,
                  "Run " + to_string(command.run) + " is active; cancel it first.");
  }
  if (!draft.facts.run_state) {
    return reject(ErrorCode::kNotFound, "Run " + to_string(command.run) + " does not exist.");
  }
  draft.record(RunDeleted{.run = command.run});
  return std::move(draft.step);
}

}  // namespace sheaf::core
