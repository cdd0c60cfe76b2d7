#include "tests/sim/delegation_rules.h"

#include <algorithm>

namespace sheaf::sim {
namespace {

using model::RunState;
using model::StopReason;
using model::TaskState;

TaskState state_after(RunState child) {
  switch (child) {
    case RunState::kSucceeded:
    case RunState::kSucceededWithFailures:
      return TaskState::kSucceeded;
    case RunState::kCancelled:
      return TaskState::kCancelled;
    default:
      return TaskState::kFailed;
  }
}

/// What a stop makes of a delegated task.
TaskState stopped_state(StopReason own, StopReason run) {
  const StopReason reason = own != StopReason::kNone ? own : run;
  return reason == StopReason::kTimeout ? TaskState::kTimedOut : TaskState::kCancelled;
}

std::string must_be(TaskState state) {
  return "must be " + std::string(to_string(state));
}

}  // namespace

std::optional<std::string> find_loop_fault(const EndedLoop& loop) {
  const StopReason own = loop.row.stop_reason;
  const bool was_stopped = own != StopReason::kNone || loop.run_stop != StopReason::kNone;
  if (was_stopped && loop.row.state == stopped_state(own, loop.run_stop)) {
    return std::nullopt;
  }
  if (own != StopReason::kNone) {
    return must_be(stopped_state(own, loop.run_stop));
  }
  TaskState wanted = TaskState::kSucceeded;
  if (!loop.has_list) {
    wanted = TaskState::kFailed;
  } else if (loop.has_iterations != (loop.input_count > 0)) {
    return "it has inputs and no iterations, or the other way round";
  }
  for (const TaskState iteration : loop.iterations) {
    wanted = iteration == TaskState::kSucceeded ? wanted : TaskState::kFailed;
  }
  return loop.row.state == wanted ? std::nullopt : std::optional(must_be(wanted));
}

std::optional<std::string> find_run_job_fault(const EndedRunJob& task) {
  const model::TaskSettings& settings = task.settings;
  const auto& children = task.fact.children;
  const auto has_retries = [&settings](std::size_t index) {
    return settings.max_retries < 0 || static_cast<int>(index) < settings.max_retries;
  };
  const bool repeats_timeouts = settings.retry_on_timeout && settings.timeout.count() > 0;
  for (std::size_t index = 0; index + 1 < task.fact.delegations; ++index) {
    const bool has_failed = index < children.size() && children[index].end &&
                            state_after(*children[index].end) == TaskState::kFailed;
    if (!has_retries(index) || !(has_failed || repeats_timeouts)) {
      return "its run " + std::to_string(index) + " must have been the last";
    }
  }
  const TaskState state = task.row.state;
  const bool is_stop = state == TaskState::kCancelled || state == TaskState::kTimedOut;
  if (task.may_be_stopped && is_stop) {
    return std::nullopt;
  }
  const std::size_t last = task.fact.delegations - 1;
  if (task.row.stop_reason == StopReason::kTimeout) {
    const bool goes_on = settings.retry_on_timeout && has_retries(last) && !task.may_be_stopped;
    return state == TaskState::kTimedOut && !goes_on ? std::nullopt
                                                     : std::optional("its timeout stopped it");
  }
  if (children.size() < task.fact.delegations) {
    return state == TaskState::kFailed ? std::nullopt : std::optional("it started no run");
  }
  if (!children.back().end) {
    return "its run is not over";
  }
  const TaskState wanted = state_after(*children.back().end);
  if (wanted == TaskState::kFailed && has_retries(last) && !task.may_be_stopped) {
    return "its last run must not have been the last";
  }
  return state == wanted ? std::nullopt : std::optional(must_be(wanted));
}

std::optional<std::string> find_parameter(const model::NamedStrings& parameters,
                                          const std::string& name) {
  const auto found =
      std::ranges::find(parameters, name, [](const auto& entry) { return entry.first; });
  return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sheaf::sim
