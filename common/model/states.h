// States of runs, tasks and attempts, and what starts runs: the enumerations that every layer
// shares. Terminal states are absorbing: once reached they never change (repairs aside).
#pragma once

#include <cstdint>
#include <string_view>

namespace sheaf::model {

/// A task of a run. The order is stored on disk: append only.
enum class TaskState : std::uint8_t {
  kBlocked = 0,       ///< Waits for dependencies.
  kReady = 1,         ///< May start; waits for a slot.
  kLeased = 2,        ///< Given to a worker, whose process has not reported a start.
  kRunning = 3,       ///< The process runs.
  kWaitingRetry = 4,  ///< Between two attempts; `deadline` says until when.
  kStopping = 5,      ///< A stop was ordered; the process tree is not known to be gone.
  kSucceeded = 6,
  kFailed = 7,
  kTimedOut = 8,
  kCancelled = 9,
  kExcluded = 10,           ///< Conditions not met; counts as success for run_if.
  kUpstreamFailed = 11,     ///< Never ran: a dependency failed.
  kUpstreamCancelled = 12,  ///< Never ran: a dependency was cancelled.
  kDisabled = 13,
  kInternalError = 14,  ///< Could not be started, or lost more often than allowed.
  kDelegated = 15,      ///< Its iterations or the run that it started are under way.
  kStreaming = 16,      ///< In a stream whose attempt another iteration holds; no outcome yet.
};

[[nodiscard]] constexpr bool is_terminal(TaskState state) {
  return state >= TaskState::kSucceeded && state != TaskState::kDelegated &&
         state != TaskState::kStreaming;
}
/// An attempt of the task is, or may be, on a worker.
[[nodiscard]] constexpr bool is_active(TaskState state) {
  return state == TaskState::kLeased || state == TaskState::kRunning ||
         state == TaskState::kStopping;
}

/// A run of a job. The order is stored on disk: append only.
enum class RunState : std::uint8_t {
  kQueued = 0,  ///< Behind max_concurrent_runs.
  kRunning = 1,
  kStopping = 2,  ///< Cancelled or timed out; attempts are being stopped.
  kSucceeded = 3,
  kSucceededWithFailures = 4,  ///< Leaf tasks succeeded, another task failed.
  kFailed = 5,
  kTimedOut = 6,
  kCancelled = 7,
  kSkipped = 8,  ///< Never ran: the queue was off or full, or it waited too long there.
};

[[nodiscard]] constexpr bool is_terminal(RunState state) {
  return state >= RunState::kSucceeded;
}

/// How an attempt ended, as its worker saw it. The order is stored on disk: append only.
enum class AttemptEnd : std::uint8_t {
  kExited = 0,      ///< The process exited; `exit_code` tells how.
  kSignalled = 1,   ///< A signal that Sheaf did not send ended it.
  kTimedOut = 2,    ///< Stopped at `timeout_seconds`.
  kCancelled = 3,   ///< Stopped on the scheduler's order.
  kNotStarted = 4,  ///< Could not be prepared (files, environment, program): the message says why.
  kLost = 5,        ///< The outcome cannot be known (reboot, supervisor killed, worker gone).
};

/// What started a run.
enum class TriggerKind : std::uint8_t {
  kManual = 0,    ///< run-now: `one_time` in references, ONE_TIME in the API.
  kSchedule = 1,  ///< Quartz schedule: `periodic`, PERIODIC.
  kHook = 2,      ///< An inbound webhook: `hook`, HOOK (Sheaf's own).
  kRunJob = 3,    ///< A run-job task of another run: `run_job_task`, RUN_JOB_TASK.
};

/// Why a run is being stopped, or a task will not run.
enum class StopReason : std::uint8_t { kNone = 0, kUserCancel = 1, kTimeout = 2 };

/// Upper-case names of the public API (`TERMINATED`-style life cycles are made by the HTTP views).
[[nodiscard]] std::string_view to_string(TaskState state);
[[nodiscard]] std::string_view to_string(RunState state);
[[nodiscard]] std::string_view to_string(AttemptEnd end);
[[nodiscard]] std::string_view to_string(TriggerKind kind);

}  // namespace sheaf::model
