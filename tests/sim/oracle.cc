#include "tests/sim/oracle.h"

#include <set>

#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

using model::AttemptEnd;
using model::RunState;
using model::StopReason;
using model::TaskState;

enum class Class { kSucceeded, kExcluded, kFailed };

Class class_of(const EndedTask& task, std::optional<bool> wanted) {
  switch (task.state) {
    case TaskState::kSucceeded:
      return !wanted || wanted == task.outcome ? Class::kSucceeded : Class::kExcluded;
    case TaskState::kExcluded:
    case TaskState::kDisabled:
      return Class::kExcluded;
    default:
      return Class::kFailed;
  }
}

bool is_cancel(TaskState state) {
  return state == TaskState::kCancelled || state == TaskState::kUpstreamCancelled;
}

/// What the attempt makes of its task if it is the last one.
TaskState state_after(const core::AttemptRecord& attempt) {
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

class Oracle {
 public:
  Oracle(const store::RunView& run, const model::JobSettings& settings)
      : run_(run), settings_(settings) {}

  void check() {
    for (std::size_t task = 0; task < settings_.tasks.size(); ++task) {
      const core::TaskRow& row = run_.tasks[task];
      EndedTask ended{.state = row.state};
      if (row.outcome != 0) {
        ended.outcome = row.outcome == 1;
      }
      ended_[settings_.tasks[task].task_key] = ended;
    }
    for (std::size_t task = 0; task < settings_.tasks.size(); ++task) {
      check_task(task);
    }
    check_run();
  }

 private:
  [[nodiscard]] bool was_stopped() const { return run_.record.stop_reason != StopReason::kNone; }

  [[noreturn]] void object(std::size_t task, const std::string& what) const {
    violate("oracle",
            "run " + to_string(run_.record.id) + " task " + settings_.tasks[task].task_key +
                " is " + std::string(to_string(run_.tasks[task].state)) + ": " + what);
  }

  [[nodiscard]] std::vector<core::AttemptRecord> attempts(std::size_t task) const {
    return run_.finished_attempts(static_cast<core::TaskIndex>(task));
  }

  void check_task(std::size_t task) {
    const TaskState state = run_.tasks[task].state;
    if (!is_terminal(state)) {
      object(task, "the run is over and the task is not");
    }
    std::map<std::string, EndedTask> upstream;
    for (const auto& dependency : settings_.tasks[task].depends_on) {
      upstream[dependency.task_key] = ended_.at(dependency.task_key);
    }
    if (was_stopped() && state == TaskState::kCancelled && attempts(task).empty()) {
      return;  // It had not begun when the run was stopped.
    }
    const model::TaskSettings& settings = settings_.tasks[task];
    const Verdict verdict = judge(settings, upstream);
    if (settings.disabled || verdict == Verdict::kRun) {
      judge_execution(task);
      return;
    }
    if (!attempts(task).empty()) {
      object(task, "it ran although its dependencies forbid it");
    }
    const TaskState wanted = verdict == Verdict::kExcluded         ? TaskState::kExcluded
                             : verdict == Verdict::kUpstreamFailed ? TaskState::kUpstreamFailed
                                                                   : TaskState::kUpstreamCancelled;
    if (state != wanted) {
      object(task, "must be " + std::string(to_string(wanted)));
    }
  }

  void judge_execution(std::size_t task) {
    const model::TaskSettings& settings = settings_.tasks[task];
    const TaskState state = run_.tasks[task].state;
    if (settings.disabled) {
      if (state != TaskState::kDisabled || !attempts(task).empty()) {
        object(task, "it is disabled");
      }
    } else if (const auto* condition = std::get_if<model::ConditionTask>(&settings.action)) {
      judge_condition(task, *condition);
    } else {
      judge_attempts(task);
    }
  }

  /// The value that `{{tasks.KEY.values.k}}` stands for, or the text itself; nullopt: there is
  /// none.
  [[nodiscard]] std::optional<std::string> resolve(const std::string& text) const {
    const std::string prefix = "{{tasks.";
    if (!text.starts_with(prefix)) {
      return text;
    }
    const std::string key = text.substr(prefix.size(), text.find(".values.") - prefix.size());
    for (std::size_t task = 0; task < settings_.tasks.size(); ++task) {
      const auto details = run_.details.find(static_cast<core::TaskIndex>(task));
      if (settings_.tasks[task].task_key == key && details != run_.details.end() &&
          run_.tasks[task].state == TaskState::kSucceeded && !details->second.values.empty()) {
        const std::string& json = details->second.values.front().json;
        return json.front() == '"' ? json.substr(1, json.size() - 2) : json;
      }
    }
    return std::nullopt;
  }

  void judge_condition(std::size_t task, const model::ConditionTask& condition) {
    if (!attempts(task).empty()) {
      object(task, "a condition has no attempts");
    }
    const auto left = resolve(condition.left);
    const auto right = resolve(condition.right);
    const TaskState state = run_.tasks[task].state;
    const bool compares_text = condition.op == model::ConditionOperator::kEqualTo;
    if (!left || !right || !compares_text) {
      // The workload's other comparisons are of texts that are no numbers.
      if (state != TaskState::kFailed) {
        object(task, "its operands cannot be compared");
      }
      return;
    }
    const bool is_true = *left == *right;
    if (state != TaskState::kSucceeded || run_.tasks[task].outcome != (is_true ? 1 : 2)) {
      object(task, std::string("its outcome must be ") + (is_true ? "true" : "false"));
    }
  }

  [[nodiscard]] bool misses_a_value(const model::TaskSettings& settings) const {
    const auto* command = std::get_if<model::CommandTask>(&settings.action);
    if (command == nullptr) {
      return false;
    }
    for (const std::string& argument : command->command) {
      if (!resolve(argument)) {
        return true;
      }
    }
    return false;
  }

  void judge_attempts(std::size_t task) {
    const model::TaskSettings& settings = settings_.tasks[task];
    const TaskState state = run_.tasks[task].state;
    const auto tried = attempts(task);
    if (tried.empty()) {
      if (misses_a_value(settings) && state == TaskState::kFailed) {
        return;
      }
      object(task, "it was due and has no attempt");
    }
    if (misses_a_value(settings)) {
      object(task, "it ran without a value that it needs");
    }
    int failures = 0;
    int losses = 0;
    for (std::size_t index = 0; index < tried.size(); ++index) {
      check_attempt(task, tried[index], index);
      const bool is_last = index + 1 == tried.size();
      const bool may_go_on = may_repeat(settings, tried[index], failures, losses);
      if (!is_last && !may_go_on) {
        object(task, "attempt " + std::to_string(index) + " must have been the last");
      }
      const bool was_being_stopped = run_.tasks[task].stop_reason != StopReason::kNone &&
                                     tried[index].outcome.end == AttemptEnd::kLost;
      if (is_last && may_go_on && !was_stopped() && !was_being_stopped) {
        object(task, "attempt " + std::to_string(index) + " must not have been the last");
      }
      (tried[index].outcome.end == AttemptEnd::kLost ? losses : failures) += 1;
    }
    check_last(task, tried.back());
  }

  void check_attempt(std::size_t task,
                     const core::AttemptRecord& attempt,
                     std::size_t index) const {
    if (attempt.number != index) {
      object(
          task,
          "attempt " + std::to_string(index) + " has the number " + std::to_string(attempt.number));
    }
  }

  /// Whether another attempt follows in a run that is not stopped.
  [[nodiscard]] static bool may_repeat(const model::TaskSettings& settings,
                                       const core::AttemptRecord& attempt,
                                       int failures,
                                       int losses) {
    const AttemptEnd end = attempt.outcome.end;
    if (end == AttemptEnd::kLost) {
      return losses < settings.max_lost;
    }
    const bool may_retry = settings.max_retries < 0 || failures < settings.max_retries;
    const bool has_failed = end == AttemptEnd::kSignalled || end == AttemptEnd::kNotStarted ||
                            (end == AttemptEnd::kExited && attempt.outcome.exit_code != 0);
    const bool has_timed_out =
        end == AttemptEnd::kTimedOut || attempt.state == TaskState::kTimedOut;
    return may_retry && (has_failed || (has_timed_out && settings.retry_on_timeout));
  }

  void check_last(std::size_t task, const core::AttemptRecord& last) const {
    const TaskState state = run_.tasks[task].state;
    if (was_stopped() && state == TaskState::kCancelled) {
      return;  // Stopped between two attempts, or with its last one.
    }
    TaskState wanted = state_after(last);
    const bool was_stopped_by_timeout =
        last.outcome.end == AttemptEnd::kCancelled && last.state == TaskState::kTimedOut;
    wanted = was_stopped_by_timeout ? TaskState::kTimedOut : wanted;
    if (state != wanted) {
      object(task, "its last attempt makes it " + std::string(to_string(wanted)));
    }
  }

  void check_run() const {
    const RunState wanted = wanted_run_state();
    if (run_.record.state != wanted) {
      violate("oracle",
              "run " + to_string(run_.record.id) + " is " +
                  std::string(to_string(run_.record.state)) + ", must be " +
                  std::string(to_string(wanted)));
    }
  }

  [[nodiscard]] RunState wanted_run_state() const {
    if (was_stopped()) {
      return run_.record.stop_reason == StopReason::kTimeout ? RunState::kTimedOut
                                                             : RunState::kCancelled;
    }
    std::set<std::string> leaves;
    for (const auto& task : settings_.tasks) {
      leaves.insert(task.task_key);
    }
    for (const auto& task : settings_.tasks) {
      for (const auto& dependency : task.depends_on) {
        if (!task.disabled) {
          leaves.erase(dependency.task_key);
        }
      }
    }
    bool any_failed = false;
    bool leaf_failed = false;
    bool only_cancelled = true;
    for (const auto& [key, ended] : ended_) {
      if (class_of(ended, std::nullopt) == Class::kFailed) {
        any_failed = true;
        leaf_failed = leaf_failed || leaves.contains(key);
        only_cancelled = only_cancelled && is_cancel(ended.state);
      }
    }
    if (leaf_failed) {
      return only_cancelled ? RunState::kCancelled : RunState::kFailed;
    }
    return any_failed ? RunState::kSucceededWithFailures : RunState::kSucceeded;
  }

  const store::RunView& run_;
  const model::JobSettings& settings_;
  std::map<std::string, EndedTask> ended_;
};

}  // namespace

Verdict judge(const model::TaskSettings& task, const std::map<std::string, EndedTask>& upstream) {
  std::multiset<Class> classes;
  bool only_cancelled = true;
  for (const auto& dependency : task.depends_on) {
    const EndedTask& ended = upstream.at(dependency.task_key);
    const Class kind = class_of(ended, dependency.outcome);
    only_cancelled = only_cancelled && (kind != Class::kFailed || is_cancel(ended.state));
    classes.insert(kind);
  }
  if (!classes.empty() && classes.count(Class::kExcluded) == classes.size()) {
    return Verdict::kExcluded;
  }
  const bool any_failed = classes.contains(Class::kFailed);
  const Verdict unmet =
      any_failed && only_cancelled ? Verdict::kUpstreamCancelled : Verdict::kUpstreamFailed;
  switch (task.run_if) {
    case model::RunIf::kAllSuccess:
    case model::RunIf::kNoneFailed:
      return any_failed ? unmet : Verdict::kRun;
    case model::RunIf::kAtLeastOneSuccess:
      return classes.empty() || classes.contains(Class::kSucceeded) ? Verdict::kRun : unmet;
    case model::RunIf::kAllDone:
      return Verdict::kRun;
    case model::RunIf::kAtLeastOneFailed:
      return any_failed ? Verdict::kRun : Verdict::kExcluded;
    case model::RunIf::kAllFailed:
      return any_failed && classes.count(Class::kFailed) == classes.size() ? Verdict::kRun
                                                                           : Verdict::kExcluded;
  }
  return Verdict::kRun;
}

void check_finished_run(const store::RunView& run, const model::JobSettings& settings) {
  if (run.record.state == RunState::kSkipped || run.record.started == kNoTime) {
    return;  // Never ran: the ledger judges why.
  }
  Oracle(run, settings).check();
}

}  // namespace sheaf::sim
