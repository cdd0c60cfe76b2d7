#include "cli/run_view.h"

#include <algorithm>

#include "cli/console.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

template <typename State>
std::optional<State> find_state(std::string_view name, State last) {
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    if (model::to_string(static_cast<State>(value)) == name) {
      return static_cast<State>(value);
    }
  }
  return std::nullopt;
}

AttemptView read_attempt(const boost::json::object& attempt) {
  AttemptView view{.run_id = number_at(attempt, "run_id"),
                   .number = number_at(attempt, "attempt_number"),
                   .state = text_at(attempt, "state"),
                   .end = text_at(attempt, "end"),
                   .signal = number_at(attempt, "signal"),
                   .start_ms = number_at(attempt, "start_time"),
                   .end_ms = number_at(attempt, "end_time"),
                   .message = text_at(attempt, "message"),
                   .worker = text_at(attempt, "worker"),
                   .is_overlap_possible = flag_at(attempt, "overlap_possible")};
  if (attempt.contains("exit_code")) {
    view.exit_code = number_at(attempt, "exit_code");
  }
  return view;
}

/// Names alone, or objects with a `task_key`.
std::string read_dependency(const boost::json::value& value) {
  if (value.is_string()) {
    return std::string(value.get_string());
  }
  return value.is_object() ? text_at(value.get_object(), "task_key") : std::string();
}

/// The scheduler lists the attempts that have ended; the one that goes on is told by the task
/// itself.
void add_current_attempt(TaskView& task) {
  const auto state = find_task_state(task.state);
  const bool is_listed = std::ranges::any_of(
      task.attempts, [&](const AttemptView& attempt) { return attempt.run_id == task.run_id; });
  if (!state || !model::is_active(*state) || is_listed) {
    return;
  }
  task.attempts.push_back({.run_id = task.run_id,
                           .number = task.attempt_number,
                           .state = task.state,
                           .start_ms = task.start_ms,
                           .worker = task.worker});
}

std::string iterations_text(const boost::json::object& iterations) {
  if (iterations.empty()) {
    return {};
  }
  const std::int64_t failed = number_at(iterations, "failed");
  return std::to_string(number_at(iterations, "succeeded") + failed) + " of " +
         std::to_string(number_at(iterations, "total")) +
         (failed > 0 ? ", " + std::to_string(failed) + " failed" : "");
}

TaskView read_task(const boost::json::object& task) {
  TaskView view{.key = text_at(task, "task_key"),
                .run_id = number_at(task, "run_id"),
                .state = text_at(task, "state"),
                .outcome = text_at(task, "outcome"),
                .attempt_number = number_at(task, "attempt_number"),
                .start_ms = number_at(task, "start_time"),
                .end_ms = number_at(task, "end_time"),
                .message = text_at(task, "message"),
                .worker = text_at(task, "worker")};
  for (const auto& dependency : array_at(task, "depends_on")) {
    view.depends_on.push_back(read_dependency(dependency));
  }
  for (const auto& warning : array_at(task, "warnings")) {
    if (warning.is_string()) {
      view.warnings.emplace_back(warning.get_string());
    }
  }
  for (const auto& attempt : array_at(task, "attempts")) {
    if (attempt.is_object()) {
      view.attempts.push_back(read_attempt(attempt.get_object()));
    }
  }
  view.iterations = iterations_text(object_at(task, "iterations"));
  view.child_run_id = number_at(task, "child_run_id");
  std::ranges::sort(view.attempts, {}, &AttemptView::number);
  add_current_attempt(view);
  return view;
}

std::string trigger_text(const boost::json::object& trigger) {
  const std::string kind = text_at(trigger, "kind");
  if (kind == model::to_string(model::TriggerKind::kManual)) {
    return "manual";
  }
  if (kind == model::to_string(model::TriggerKind::kSchedule)) {
    return "schedule " + time_text(number_at(trigger, "nominal_time"));
  }
  if (kind == model::to_string(model::TriggerKind::kHook)) {
    return "hook " + text_at(trigger, "hook");
  }
  if (kind == model::to_string(model::TriggerKind::kRunJob)) {
    return "run " + std::to_string(number_at(trigger, "parent_run_id"));
  }
  return kind;
}

}  // namespace

RunView read_run(const boost::json::object& run) {
  RunView view{.run_id = number_at(run, "run_id"),
               .job_id = number_at(run, "job_id"),
               .name = text_at(run, "run_name"),
               .state = text_at(run, "state"),
               .message = text_at(run, "message"),
               .trigger = trigger_text(object_at(run, "trigger")),
               .submitted_ms = number_at(run, "submitted_time"),
               .start_ms = number_at(run, "start_time"),
               .end_ms = number_at(run, "end_time"),
               .queue_position = number_at(run, "queue_position"),
               .version = number_at(run, "version")};
  for (const auto& task : array_at(run, "tasks")) {
    if (task.is_object()) {
      view.tasks.push_back(read_task(task.get_object()));
    }
  }
  return view;
}

std::optional<model::RunState> find_run_state(std::string_view name) {
  return find_state(name, model::RunState::kSkipped);
}

std::optional<model::TaskState> find_task_state(std::string_view name) {
  return find_state(name, model::TaskState::kInternalError);
}

bool has_ended(const RunView& run) {
  const auto state = find_run_state(run.state);
  return state && model::is_terminal(*state);
}

bool has_ended(const AttemptView& attempt) {
  const auto state = find_task_state(attempt.state);
  return !state || !model::is_active(*state);
}

bool has_succeeded(const RunView& run) {
  const auto state = find_run_state(run.state);
  return state == model::RunState::kSucceeded || state == model::RunState::kSucceededWithFailures;
}

std::string state_text(const RunView& run) {
  if (run.state == model::to_string(model::RunState::kQueued) && run.queue_position > 0) {
    return run.state + " (place " + std::to_string(run.queue_position) + ")";
  }
  return run.state;
}

const AttemptView* last_attempt(const TaskView& task) {
  return task.attempts.empty() ? nullptr : &task.attempts.back();
}

std::string duration_of(const AttemptView& attempt, Timestamp now) {
  const bool is_known = attempt.end_ms > 0 || !has_ended(attempt);
  return is_known ? span_text(attempt.start_ms, attempt.end_ms, now) : "-";
}

std::string end_text(const AttemptView& attempt) {
  if (attempt.signal > 0) {
    return "signal " + std::to_string(attempt.signal);
  }
  if (attempt.end == model::to_string(model::AttemptEnd::kExited) && attempt.exit_code) {
    return "exit code " + std::to_string(*attempt.exit_code);
  }
  return attempt.end;
}

}  // namespace sheaf::cli
