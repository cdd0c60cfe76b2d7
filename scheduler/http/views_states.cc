#include "scheduler/http/views_states.h"

#include <boost/json.hpp>

#include "common/base/check.h"

namespace sheaf::http {
namespace {

using model::RunState;
using model::TaskState;

constexpr std::string_view kQueueMessage =
    "Queued due to reaching the maximum number of concurrent runs of the job.";
constexpr std::string_view kFailedMessage = "Workload failed, see run output for details";

constexpr PublicState unfinished(std::string_view life_cycle, std::string_view status) {
  return {.life_cycle_state = life_cycle, .status = status};
}

constexpr PublicState finished(std::string_view life_cycle,
                               std::string_view result,
                               std::string_view code,
                               std::string_view type,
                               std::string_view message = {}) {
  return {.life_cycle_state = life_cycle,
          .result_state = result,
          .status = "TERMINATED",
          .termination_code = code,
          .termination_type = type,
          .default_message = message};
}

constexpr PublicState stopped(std::string_view result,
                              std::string_view code,
                              std::string_view message) {
  PublicState state = finished("TERMINATED", result, code, "CLIENT_ERROR", message);
  state.user_cancelled_or_timedout = true;
  return state;
}

constexpr PublicState kQueued{
    .life_cycle_state = "QUEUED", .status = "QUEUED", .default_message = kQueueMessage};
constexpr PublicState kBlocked = unfinished("BLOCKED", "BLOCKED");
constexpr PublicState kPending = unfinished("PENDING", "PENDING");
constexpr PublicState kRunning = unfinished("RUNNING", "RUNNING");
constexpr PublicState kWaiting = unfinished("WAITING_FOR_RETRY", "WAITING");
constexpr PublicState kTerminating = unfinished("TERMINATING", "TERMINATING");
constexpr PublicState kSuccess = finished("TERMINATED", "SUCCESS", "SUCCESS", "SUCCESS");
constexpr PublicState kSuccessWithFailures =
    finished("TERMINATED", "SUCCESS_WITH_FAILURES", "SUCCESS_WITH_FAILURES", "SUCCESS");
constexpr PublicState kRunFailed =
    finished("INTERNAL_ERROR", "FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR");
constexpr PublicState kTaskFailed =
    finished("TERMINATED", "FAILED", "RUN_EXECUTION_ERROR", "CLIENT_ERROR", kFailedMessage);
constexpr PublicState kTimedOut = stopped("TIMEDOUT", "CANCELED", "Timed out.");
constexpr PublicState kCancelled = stopped("CANCELED", "USER_CANCELED", "Run cancelled by user.");
constexpr PublicState kSkipped = finished(
    "SKIPPED", "MAXIMUM_CONCURRENT_RUNS_REACHED", "MAX_CONCURRENT_RUNS_EXCEEDED", "CLIENT_ERROR");
constexpr PublicState kExcluded =
    finished("SKIPPED", "EXCLUDED", "SKIPPED", "SUCCESS", "The task's conditions were not met.");
constexpr PublicState kUpstreamFailed =
    finished("SKIPPED", "UPSTREAM_FAILED", "SKIPPED", "CLIENT_ERROR", "An upstream task failed.");
constexpr PublicState kUpstreamCancelled = finished(
    "SKIPPED", "UPSTREAM_CANCELED", "SKIPPED", "CLIENT_ERROR", "An upstream task was cancelled.");
constexpr PublicState kDisabled =
    finished("SKIPPED", "DISABLED", "DISABLED", "SUCCESS", "The task is disabled.");
constexpr PublicState kInternalError =
    finished("INTERNAL_ERROR", "FAILED", "INTERNAL_ERROR", "INTERNAL_ERROR");

}  // namespace

const PublicState& public_state(RunState state) {
  switch (state) {
    case RunState::kQueued:
      return kQueued;
    case RunState::kRunning:
      return kRunning;
    case RunState::kStopping:
      return kTerminating;
    case RunState::kSucceeded:
      return kSuccess;
    case RunState::kSucceededWithFailures:
      return kSuccessWithFailures;
    case RunState::kFailed:
      return kRunFailed;
    case RunState::kTimedOut:
      return kTimedOut;
    case RunState::kCancelled:
      return kCancelled;
    case RunState::kSkipped:
      return kSkipped;
  }
  check_failed(__FILE__, __LINE__, "state", "not a RunState");
}

const PublicState& public_state(TaskState state) {
  switch (state) {
    case TaskState::kBlocked:
      return kBlocked;
    case TaskState::kReady:
    case TaskState::kLeased:
      return kPending;
    case TaskState::kRunning:
    case TaskState::kDelegated:
    case TaskState::kStreaming:
      return kRunning;
    case TaskState::kWaitingRetry:
      return kWaiting;
    case TaskState::kStopping:
      return kTerminating;
    case TaskState::kSucceeded:
      return kSuccess;
    case TaskState::kFailed:
      return kTaskFailed;
    case TaskState::kTimedOut:
      return kTimedOut;
    case TaskState::kCancelled:
      return kCancelled;
    case TaskState::kExcluded:
      return kExcluded;
    case TaskState::kUpstreamFailed:
      return kUpstreamFailed;
    case TaskState::kUpstreamCancelled:
      return kUpstreamCancelled;
    case TaskState::kDisabled:
      return kDisabled;
    case TaskState::kInternalError:
      return kInternalError;
  }
  check_failed(__FILE__, __LINE__, "state", "not a TaskState");
}

void add_state(boost::json::object& object, const PublicState& state, std::string_view message) {
  const auto text = message.empty() ? state.default_message : message;
  boost::json::object legacy{{"life_cycle_state", state.life_cycle_state},
                             {"state_message", text},
                             {"user_cancelled_or_timedout", state.user_cancelled_or_timedout}};
  boost::json::object status{{"state", state.status}};
  if (!state.result_state.empty()) {
    legacy["result_state"] = state.result_state;
  }
  if (!state.termination_code.empty()) {
    status["termination_details"] = {
        {"code", state.termination_code}, {"type", state.termination_type}, {"message", text}};
  }
  if (state.status == "QUEUED") {
    legacy["queue_reason"] = text;
    status["queue_details"] = {{"code", "MAX_CONCURRENT_RUNS_REACHED"}, {"message", text}};
  }
  object["state"] = std::move(legacy);
  object["status"] = std::move(status);
}

}  // namespace sheaf::http
