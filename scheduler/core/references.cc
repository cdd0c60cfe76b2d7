#include "common/model/references.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/model/for_each_inputs.h"
#include "scheduler/core/attempt_history.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

std::string trigger_type(TriggerKind kind) {
  switch (kind) {
    case TriggerKind::kManual:
      return "one_time";
    case TriggerKind::kSchedule:
      return "periodic";
    case TriggerKind::kHook:
      return "hook";
    case TriggerKind::kRunJob:
      return "run_job_task";
  }
  return "";
}

/// Attempts of a task in all passes of the run, the present one too.
std::uint32_t execution_count(const LiveRun& run, TaskIndex task) {
  const std::uint32_t in_its_pass = run.tasks.attempt_number[task] + 1;
  const auto details = run.details.find(task);
  if (details == run.details.end() || details->second.attempts.empty()) {
    return in_its_pass;
  }
  const std::vector<AttemptRecord>& attempts = details->second.attempts;
  // What a repair kept still has the number that it had in an earlier pass.
  const std::uint32_t pass = pass_of(run.record, run.tasks.attempt[task]);
  const auto earlier = std::ranges::count_if(
      attempts, [pass](const AttemptRecord& attempt) { return attempt.repair < pass; });
  return static_cast<std::uint32_t>(earlier) + in_its_pass;
}

/// A cron run stands for its nominal time, every other one for the moment at which it was asked
/// for.
Timestamp trigger_time(const RunRecord& run) {
  return run.trigger.nominal == kNoTime ? run.submitted : run.trigger.nominal;
}

Result<std::string> of_run(const LiveRun& run, const model::Reference& reference) {
  using enum model::Reference::Kind;
  switch (reference.kind) {
    case kJobId:
      return to_string(run.record.job);
    case kJobName:
      return run.record.name;
    case kJobRunId:
      return to_string(run.record.id);
    case kJobRepairCount:
      return std::to_string(repair_count(run.record));
    case kJobStartTime:
      return model::render_time(run.record.started, reference.part);
    case kTriggerTime:
      return model::render_time(trigger_time(run.record), reference.part);
    case kTriggerType:
      return trigger_type(run.record.trigger.kind);
    case kJobParameter:
    case kTaskName:
    case kTaskRunId:
    case kTaskExecutionCount:
    case kTaskRetryCount:
    case kTaskNotebookPath:
    case kUpstreamRunId:
    case kUpstreamResultState:
    case kUpstreamErrorCode:
    case kUpstreamExecutionCount:
    case kUpstreamNotebookPath:
    case kTaskValue:
    case kInput:
      return fail(ErrorCode::kInvalid, "a default may hold references to the run only");
  }
  check_failed(__FILE__, __LINE__, "kind", "not a reference kind");
}

/// The public name of a task's result, in references lower-case: "success", "upstream_failed".
std::string result_state(TaskState state) {
  std::string name(
      model::to_string(state == TaskState::kInternalError ? TaskState::kFailed : state));
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

/// The status code of the public API in one word; empty where nothing went wrong.
std::string_view error_code(TaskState state) {
  switch (state) {
    case TaskState::kFailed:
      return "RunExecutionError";
    case TaskState::kTimedOut:
      return "Canceled";
    case TaskState::kCancelled:
      return "UserCanceled";
    case TaskState::kUpstreamFailed:
    case TaskState::kUpstreamCancelled:
      return "Skipped";
    case TaskState::kInternalError:
      return "InternalError";
    case TaskState::kBlocked:
    case TaskState::kReady:
    case TaskState::kLeased:
    case TaskState::kRunning:
    case TaskState::kWaitingRetry:
    case TaskState::kStopping:
    case TaskState::kSucceeded:
    case TaskState::kExcluded:
    case TaskState::kDisabled:
    case TaskState::kDelegated:
    case TaskState::kStreaming:
      return "";
  }
  check_failed(__FILE__, __LINE__, "state", "not a TaskState");
}

/// Empty for what runs no notebook.
std::string notebook_path(const model::TaskSettings& task) {
  const auto* notebook = std::get_if<model::NotebookTask>(&task.action);
  return notebook == nullptr ? std::string() : notebook->notebook_path;
}

/// The JSON of a task's value.
Result<std::string> value_json(const LiveRun& run, TaskIndex task, const model::Reference& wanted) {
  const auto details = run.details.find(task);
  if (details != run.details.end()) {
    for (const TaskValue& value : details->second.values) {
      if (value.key == wanted.name) {
        return value.json;
      }
    }
  }
  return fail(ErrorCode::kInvalid,
              "task \"" + wanted.task_key + "\" has set no value \"" + wanted.name + "\"");
}

/// Looks references up for the texts of one task.
class LookUp {
 public:
  /// Conditions compare texts, numbers and booleans only.
  enum class For { kText, kOperand };

  LookUp(const LiveRun& run, TaskIndex task, For purpose)
      : run_(run), task_(task), purpose_(purpose) {}

  Result<std::string> operator()(const model::Reference& reference) const {
    using enum model::Reference::Kind;
    switch (reference.kind) {
      case kJobId:
      case kJobName:
      case kJobRunId:
      case kJobRepairCount:
      case kJobStartTime:
      case kTriggerTime:
      case kTriggerType:
        return of_run(run_, reference);
      case kJobParameter:
        return parameter_value(run_, reference.name);
      case kTaskName:
        return run_.task_settings(task_).task_key;
      case kTaskRunId:
        return to_string(run_.tasks.attempt[task_]);
      case kTaskExecutionCount:
        return std::to_string(execution_count(run_, task_));
      case kTaskRetryCount:
        return std::to_string(run_.tasks.attempt_number[task_]);
      case kTaskNotebookPath:
        return notebook_path(run_.task_settings(task_));
      case kUpstreamRunId:
      case kUpstreamResultState:
      case kUpstreamErrorCode:
      case kUpstreamExecutionCount:
      case kUpstreamNotebookPath:
      case kTaskValue:
        return of_upstream(reference);
      case kInput:
        return of_input(reference);
    }
    check_failed(__FILE__, __LINE__, "kind", "not a reference kind");
  }

 private:
  Result<std::string> of_upstream(const model::Reference& reference) const {
    using enum model::Reference::Kind;
    const auto found = run_.graph.find(reference.task_key);
    if (!found) {
      return fail(ErrorCode::kInvalid, "there is no task \"" + reference.task_key + "\"");
    }
    const TaskIndex task = *found;
    if (reference.kind == kTaskValue) {
      return render(value_json(run_, task, reference), "the value \"" + reference.name + "\"");
    }
    if (reference.kind == kUpstreamNotebookPath) {
      return notebook_path(run_.settings->tasks[task]);
    }
    const TaskState state = run_.tasks.state[task];
    if (!is_terminal(state)) {
      return fail(ErrorCode::kInvalid, "task \"" + reference.task_key + "\" is not over");
    }
    if (reference.kind == kUpstreamResultState) {
      return result_state(state);
    }
    if (reference.kind == kUpstreamErrorCode) {
      return std::string(error_code(state));
    }
    if (reference.kind == kUpstreamExecutionCount) {
      return std::to_string(execution_count(run_, task));
    }
    return to_string(run_.tasks.attempt[task]);
  }

  Result<std::string> of_input(const model::Reference& reference) const {
    const std::optional<std::string> element = iteration_input(run_, task_);
    if (!element) {
      return fail(ErrorCode::kInvalid, "{{input}} is known only to what a for-each task repeats");
    }
    if (reference.name.empty()) {
      return render(*element, "the input");
    }
    return model::render_input(*element, reference.name);
  }

  Result<std::string> render(const Result<std::string>& json, const std::string& what) const {
    if (!json) {
      return fail(json.error());
    }
    const char first = json->empty() ? 'n' : (*json)[json->find_first_not_of(" \t\r\n")];
    if (purpose_ == For::kOperand && (first == '[' || first == '{' || first == 'n')) {
      return fail(ErrorCode::kInvalid,
                  what + " is " +
                      (first == '['   ? "a list"
                       : first == '{' ? "a map"
                                      : "null") +
                      "; a condition compares strings, numbers and booleans");
    }
    return model::render_task_value(*json);
  }

  const LiveRun& run_;
  TaskIndex task_;
  For purpose_;
};

Result<std::string> resolve(std::string_view text, const LookUp& look_up) {
  if (text.find("{{") == std::string_view::npos) {
    return std::string(text);
  }
  return model::resolve_references(text, look_up);
}

}  // namespace

std::optional<std::string> iteration_input(const LiveRun& run, TaskIndex task) {
  if (!run.is_iteration(task)) {
    return std::nullopt;
  }
  return std::string(run.input_of(task));
}

Result<std::string> parameter_value(const LiveRun& run, const std::string& name) {
  using Entry = NamedStrings::value_type;
  const auto found = std::ranges::find(run.record.parameters, name, &Entry::first);
  if (found == run.record.parameters.end()) {
    return fail(ErrorCode::kInvalid, "the run has no job parameter \"" + name + "\"");
  }
  // What came with the run is text from outside: only defaults are settings.
  const auto given = std::ranges::find(run.record.overrides, name, &Entry::first);
  if (given != run.record.overrides.end() || found->second.find("{{") == std::string::npos) {
    return found->second;
  }
  return model::resolve_references(
      found->second, [&run](const model::Reference& reference) { return of_run(run, reference); });
}

Result<std::string> resolve_text(const LiveRun& run, TaskIndex task, std::string_view text) {
  return resolve(text, LookUp(run, task, LookUp::For::kText));
}

Result<std::string> resolve_operand(const LiveRun& run, TaskIndex task, std::string_view text) {
  return resolve(text, LookUp(run, task, LookUp::For::kOperand));
}

}  // namespace sheaf::core
