#include "scheduler/http/views_states.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "scheduler/http/views_iterations.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;
using model::RunState;
using model::TaskState;

/// One line: both shapes of a state.
std::string shown(const PublicState& state, std::string_view message = "") {
  json::object object;
  add_state(object, state, message);
  const auto text = [](const json::value& parent, const char* key) {
    const auto* value = parent.as_object().if_contains(key);
    return value == nullptr ? std::string("-") : std::string(value->as_string());
  };
  const auto& status = object["status"];
  const auto* details = status.as_object().if_contains("termination_details");
  const bool stopped = object["state"].at("user_cancelled_or_timedout").as_bool();
  return text(object["state"], "life_cycle_state") + "/" + text(object["state"], "result_state") +
         " " + text(status, "state") + "/" +
         (details == nullptr ? "-" : text(*details, "code") + "/" + text(*details, "type")) +
         (stopped ? " stopped" : "");
}

TEST(PublicState, OfRuns) {
  const std::vector<std::pair<RunState, std::string>> cases{
      {RunState::kQueued, "QUEUED/- QUEUED/-"},
      {RunState::kRunning, "RUNNING/- RUNNING/-"},
      {RunState::kStopping, "TERMINATING/- TERMINATING/-"},
      {RunState::kSucceeded, "TERMINATED/SUCCESS TERMINATED/SUCCESS/SUCCESS"},
      {RunState::kSucceededWithFailures,
       "TERMINATED/SUCCESS_WITH_FAILURES TERMINATED/SUCCESS_WITH_FAILURES/SUCCESS"},
      {RunState::kFailed, "INTERNAL_ERROR/FAILED TERMINATED/RUN_EXECUTION_ERROR/CLIENT_ERROR"},
      {RunState::kTimedOut, "TERMINATED/TIMEDOUT TERMINATED/CANCELED/CLIENT_ERROR stopped"},
      {RunState::kCancelled, "TERMINATED/CANCELED TERMINATED/USER_CANCELED/CLIENT_ERROR stopped"},
      {RunState::kSkipped,
       "SKIPPED/MAXIMUM_CONCURRENT_RUNS_REACHED "
       "TERMINATED/MAX_CONCURRENT_RUNS_EXCEEDED/CLIENT_ERROR"},
  };
  for (const auto& [state, expected] : cases) {
    EXPECT_EQ(shown(public_state(state)), expected);
    EXPECT_EQ(is_terminal(state), public_state(state).status == "TERMINATED");
  }
}

TEST(PublicState, OfTasks) {
  const std::vector<std::pair<TaskState, std::string>> cases{
      {TaskState::kBlocked, "BLOCKED/- BLOCKED/-"},
      {TaskState::kReady, "PENDING/- PENDING/-"},
      {TaskState::kLeased, "PENDING/- PENDING/-"},
      {TaskState::kRunning, "RUNNING/- RUNNING/-"},
      {TaskState::kWaitingRetry, "WAITING_FOR_RETRY/- WAITING/-"},
      {TaskState::kStopping, "TERMINATING/- TERMINATING/-"},
      {TaskState::kSucceeded, "TERMINATED/SUCCESS TERMINATED/SUCCESS/SUCCESS"},
      {TaskState::kFailed, "TERMINATED/FAILED TERMINATED/RUN_EXECUTION_ERROR/CLIENT_ERROR"},
      {TaskState::kTimedOut, "TERMINATED/TIMEDOUT TERMINATED/CANCELED/CLIENT_ERROR stopped"},
      {TaskState::kCancelled, "TERMINATED/CANCELED TERMINATED/USER_CANCELED/CLIENT_ERROR stopped"},
      {TaskState::kExcluded, "SKIPPED/EXCLUDED TERMINATED/SKIPPED/SUCCESS"},
      {TaskState::kUpstreamFailed, "SKIPPED/UPSTREAM_FAILED TERMINATED/SKIPPED/CLIENT_ERROR"},
      {TaskState::kUpstreamCancelled, "SKIPPED/UPSTREAM_CANCELED TERMINATED/SKIPPED/CLIENT_ERROR"},
      {TaskState::kDisabled, "SKIPPED/DISABLED TERMINATED/DISABLED/SUCCESS"},
      {TaskState::kInternalError, "INTERNAL_ERROR/FAILED TERMINATED/INTERNAL_ERROR/INTERNAL_ERROR"},
  };
  for (const auto& [state, expected] : cases) {
    EXPECT_EQ(shown(public_state(state)), expected);
    EXPECT_EQ(is_terminal(state), public_state(state).status == "TERMINATED");
  }
}

TEST(PublicState, TellsTheRecordsMessageOrAStandingOne) {
  json::object object;
  add_state(object, public_state(TaskState::kFailed), "");
  EXPECT_EQ(object["state"].at("state_message").as_string(),
            "Workload failed, see run output for details");
  add_state(object, public_state(TaskState::kFailed), "exit code 3");
  EXPECT_EQ(object["state"].at("state_message").as_string(), "exit code 3");
  EXPECT_EQ(object["status"].at("termination_details").at("message").as_string(), "exit code 3");
}

TEST(IterationMessages, SayWhetherATimeoutOrAUserEndedTheForEachTask) {
  using model::StopReason;
  struct Case {
    TaskState parent;
    StopReason parent_stop;
    StopReason run_stop;
    bool says_timeout;
  };
  for (const Case& row : {
           Case{TaskState::kTimedOut, StopReason::kTimeout, StopReason::kNone, true},
           Case{TaskState::kTimedOut, StopReason::kNone, StopReason::kTimeout, true},
           Case{TaskState::kDelegated, StopReason::kTimeout, StopReason::kNone, true},
           Case{TaskState::kDelegated, StopReason::kNone, StopReason::kTimeout, true},
           Case{TaskState::kDelegated, StopReason::kUserCancel, StopReason::kNone, false},
           Case{TaskState::kCancelled, StopReason::kUserCancel, StopReason::kTimeout, false},
       }) {
    store::RunView run{.record = {.stop_reason = row.run_stop,
                                  .graph_size = 1,
                                  .task_count = 3,
                                  .blocks = {{.parent = 0, .first = 1, .count = 2}}},
                       .tasks = {{.state = row.parent, .stop_reason = row.parent_stop},
                                 {.state = TaskState::kCancelled},
                                 {.state = TaskState::kSucceeded}}};
    EXPECT_EQ(end_message(run, 1), row.says_timeout ? "Stopped: the for-each task timed out." : "");
    EXPECT_EQ(end_message(run, 0), "");
    EXPECT_EQ(end_message(run, 2), "");
    run.details[1].message = "own";
    EXPECT_EQ(end_message(run, 1), "own");
  }
}

}  // namespace
}  // namespace sheaf::http
