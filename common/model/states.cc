#include "common/model/states.h"

#include "common/base/check.h"

namespace sheaf::model {

std::string_view to_string(TaskState state) {
  switch (state) {
    case TaskState::kBlocked:
      return "BLOCKED";
    case TaskState::kReady:
      return "READY";
    case TaskState::kLeased:
      return "LEASED";
    case TaskState::kRunning:
      return "RUNNING";
    case TaskState::kWaitingRetry:
      return "WAITING_FOR_RETRY";
    case TaskState::kStopping:
      return "TERMINATING";
    case TaskState::kSucceeded:
      return "SUCCESS";
    case TaskState::kFailed:
      return "FAILED";
    case TaskState::kTimedOut:
      return "TIMEDOUT";
    case TaskState::kCancelled:
      return "CANCELED";
    case TaskState::kExcluded:
      return "EXCLUDED";
    case TaskState::kUpstreamFailed:
      return "UPSTREAM_FAILED";
    case TaskState::kUpstreamCancelled:
      return "UPSTREAM_CANCELED";
    case TaskState::kDisabled:
      return "DISABLED";
    case TaskState::kInternalError:
      return "INTERNAL_ERROR";
    case TaskState::kDelegated:
    case TaskState::kStreaming:
      return "RUNNING";
  }
  check_failed(__FILE__, __LINE__, "state", "not a TaskState");
}

std::string_view to_string(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return "QUEUED";
    case RunState::kRunning:
      return "RUNNING";
    case RunState::kStopping:
      return "TERMINATING";
    case RunState::kSucceeded:
      return "SUCCESS";
    case RunState::kSucceededWithFailures:
      return "SUCCESS_WITH_FAILURES";
    case RunState::kFailed:
      return "FAILED";
    case RunState::kTimedOut:
      return "TIMEDOUT";
    case RunState::kCancelled:
      return "CANCELED";
    case RunState::kSkipped:
      return "SKIPPED";
  }
  check_failed(__FILE__, __LINE__, "state", "not a RunState");
}

std::string_view to_string(AttemptEnd end) {
  switch (end) {
    case AttemptEnd::kExited:
      return "exited";
    case AttemptEnd::kSignalled:
      return "signalled";
    case AttemptEnd::kTimedOut:
      return "timed_out";
    case AttemptEnd::kCancelled:
      return "cancelled";
    case AttemptEnd::kNotStarted:
      return "not_started";
    case AttemptEnd::kLost:
      return "lost";
  }
  check_failed(__FILE__, __LINE__, "end", "not an AttemptEnd");
}

std::string_view to_string(TriggerKind kind) {
  switch (kind) {
    case TriggerKind::kManual:
      return "ONE_TIME";
    case TriggerKind::kSchedule:
      return "PERIODIC";
    case TriggerKind::kHook:
      return "HOOK";
    case TriggerKind::kRunJob:
      return "RUN_JOB_TASK";
  }
  check_failed(__FILE__, __LINE__, "kind", "not a TriggerKind");
}

}  // namespace sheaf::model
