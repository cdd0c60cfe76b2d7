#include "tests/sim/oracle.h"

#include <algorithm>
#include <set>

#include "scheduler/core/attempt_history.h"
#include "tests/sim/attempt_rules.h"
#include "tests/sim/delegation_rules.h"
#include "tests/sim/deployed_files.h"
#include "tests/sim/selection_rules.h"
#include "tests/sim/texts.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

using model::RunState;
using model::StopReason;
using model::TaskState;

enum class Class { kSucceeded, kExcluded, kFailed };

Class class_of(const EndedTask& task, std::optional<bool> wanted) {
  if (task.is_left_out) {
    return Class::kSucceeded;
  }
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

class Oracle {
 public:
  explicit Oracle(const RunFact& fact)
      : fact_(fact),
        run_(*fact.finished),
        settings_(*fact.settings),
        left_out_(left_out_tasks(settings_, run_.record.only)) {}

  void check() {
    for (core::TaskIndex task = 0; task < run_.rows.size(); ++task) {
      if (!is_terminal(run_.rows[task].state)) {
        object(task, "the run is over and the task is not");
      }
      if (fact_.kept.contains(task)) {
        continue;  // It was judged in the pass that ran it.
      }
      if (fact_.is_iteration(task)) {
        check_iteration(task);
      } else {
        check_task(task);
      }
    }
    check_run();
  }

 private:
  [[nodiscard]] bool was_stopped() const { return run_.record.stop_reason != StopReason::kNone; }

  /// Whether the row may have ended otherwise than by itself.
  [[nodiscard]] bool may_be_stopped(core::TaskIndex task) const {
    const bool is_iteration = fact_.is_iteration(task);
    const core::TaskIndex parent = is_iteration ? fact_.blocks[fact_.block_of(task)].parent : task;
    return was_stopped() || fact_.cancels.contains(task) ||
           (is_iteration &&
            (fact_.cancels.contains(parent) || run_.rows[parent].stop_reason != StopReason::kNone));
  }

  [[noreturn]] void object(core::TaskIndex task, const std::string& what) const {
    const std::string name =
        fact_.is_iteration(task)
            ? "iteration " + std::to_string(task) + " of " +
                  settings_.tasks[fact_.blocks[fact_.block_of(task)].parent].task_key
            : "task " + settings_.tasks[task].task_key;
    violate("oracle",
            "run " + to_string(run_.record.id) + " " + name + " is " +
                std::string(to_string(run_.rows[task].state)) + ": " + what);
  }

  /// Of the present pass.
  [[nodiscard]] std::vector<core::AttemptRecord> attempts(core::TaskIndex task) const {
    const auto details = run_.details.find(task);
    auto found = core::finished_attempts(
        run_.record, run_.rows[task], details == run_.details.end() ? nullptr : &details->second);
    const std::size_t passes = std::max<std::size_t>(run_.record.repairs.size(), 1);
    std::erase_if(found, [passes](const auto& attempt) { return attempt.repair + 1 != passes; });
    return found;
  }

  void check_iteration(core::TaskIndex task) {
    const core::TaskIndex parent = fact_.blocks[fact_.block_of(task)].parent;
    if (fact_.tasks[parent].delegations == 0) {
      if (run_.rows[task].state != run_.rows[parent].state) {
        object(task, "must be what its task is, which never ran");
      }
      return;
    }
    const TaskState state = run_.rows[task].state;
    const bool is_stop =
        state == TaskState::kCancelled || (fact_.is_stream(task) && state == TaskState::kTimedOut);
    if (may_be_stopped(task) && is_stop && attempts(task).empty()) {
      return;  // It had not begun when it was stopped, or had no outcome.
    }
    judge_execution(task);
  }

  void check_task(core::TaskIndex task) {
    const model::TaskSettings& settings = settings_.tasks[task];
    const TaskState state = run_.rows[task].state;
    std::map<std::string, EndedTask> upstream;
    for (const auto& dependency : settings.depends_on) {
      upstream[dependency.task_key] = ended(dependency.task_key);
    }
    if (may_be_stopped(task) && state == TaskState::kCancelled && attempts(task).empty()) {
      return;  // It had not begun when it or the run was stopped.
    }
    if (settings.disabled || left_out_.contains(settings.task_key)) {
      if (state != TaskState::kDisabled || !attempts(task).empty()) {
        object(task, "it is disabled, or left out");
      }
      return;
    }
    const Verdict verdict = judge(settings, upstream);
    if (verdict == Verdict::kRun) {
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

  void judge_execution(core::TaskIndex task) {
    const model::TaskSettings& settings = fact_.settings_of(task);
    if (const auto* condition = std::get_if<model::ConditionTask>(&settings.action)) {
      judge_condition(task, *condition);
    } else if (const auto* loop = std::get_if<model::ForEachTask>(&settings.action)) {
      judge_loop(task, *loop);
    } else if (std::holds_alternative<model::RunJobTask>(settings.action)) {
      const auto fault = find_run_job_fault({.settings = settings,
                                             .row = run_.rows[task],
                                             .fact = fact_.tasks[task],
                                             .may_be_stopped = may_be_stopped(task)});
      if (fault) {
        object(task, *fault);
      }
    } else {
      judge_attempts(task);
    }
  }

  /// What the text of the task reads as; nullopt: it refers to a value that nobody set.
  [[nodiscard]] std::optional<std::string> resolve(core::TaskIndex task,
                                                   const std::string& text) const {
    const Reference reference = read_reference(text);
    switch (reference.kind) {
      case Reference::Kind::kNone:
        return text;
      case Reference::Kind::kInput:
        return plain(element(task));
      case Reference::Kind::kInputField:
        return read_field(element(task), reference.name);
      case Reference::Kind::kJobParameter:
        return find_parameter(run_.record.parameters, reference.name);
      case Reference::Kind::kTaskValue:
        return value(reference);
    }
    return std::nullopt;
  }

  [[nodiscard]] const std::string& element(core::TaskIndex task) const {
    const std::size_t block = fact_.block_of(task);
    return fact_.elements[block][task - fact_.blocks[block].first];
  }

  [[nodiscard]] std::optional<std::string> value(const Reference& reference) const {
    const core::TaskIndex task = fact_.index_of(reference.task_key);
    const auto details = run_.details.find(task);
    if (details == run_.details.end() || run_.rows[task].state != TaskState::kSucceeded) {
      return std::nullopt;
    }
    for (const model::TaskValue& value : details->second.values) {
      if (value.key == reference.name) {
        return plain(value.json);
      }
    }
    return std::nullopt;
  }

  void judge_condition(core::TaskIndex task, const model::ConditionTask& condition) {
    if (!attempts(task).empty()) {
      object(task, "a condition has no attempts");
    }
    const auto left = resolve(task, condition.left);
    const auto right = resolve(task, condition.right);
    const TaskState state = run_.rows[task].state;
    const bool compares_text = condition.op == model::ConditionOperator::kEqualTo;
    if (!left || !right || !compares_text) {
      // The workload's other comparisons are of texts that are no numbers.
      if (state != TaskState::kFailed) {
        object(task, "its operands cannot be compared");
      }
      return;
    }
    const bool is_true = *left == *right;
    if (state != TaskState::kSucceeded || run_.rows[task].outcome != (is_true ? 1 : 2)) {
      object(task, std::string("its outcome must be ") + (is_true ? "true" : "false"));
    }
  }

  [[nodiscard]] std::optional<std::vector<std::string>> inputs_of(
      core::TaskIndex task, const model::ForEachTask& loop) const {
    if (!loop.inputs_file.empty()) {
      return deployed_files::elements(run_.record.manifest_digest, loop.inputs_file);
    }
    const auto text = resolve(task, loop.inputs);
    return text ? read_list(*text) : std::nullopt;
  }

  void judge_loop(core::TaskIndex task, const model::ForEachTask& loop) {
    if (!attempts(task).empty()) {
      object(task, "a for-each task has no attempts");
    }
    const auto inputs = inputs_of(task, loop);
    const auto block = fact_.find_block(task);
    if (block && (!inputs || fact_.blocks[*block].count != inputs->size())) {
      object(task, "it has other iterations than inputs");
    }
    std::vector<TaskState> iterations;
    for (std::uint32_t i = 0; block && i < fact_.blocks[*block].count; ++i) {
      iterations.push_back(run_.rows[fact_.blocks[*block].first + i].state);
    }
    const auto fault = find_loop_fault({.row = run_.rows[task],
                                        .has_list = inputs.has_value(),
                                        .has_iterations = block.has_value(),
                                        .input_count = inputs ? inputs->size() : 0,
                                        .iterations = std::move(iterations),
                                        .run_stop = run_.record.stop_reason});
    if (fault) {
      object(task, *fault);
    }
  }

  [[nodiscard]] bool misses_a_value(core::TaskIndex task) const {
    const auto* command = std::get_if<model::CommandTask>(&fact_.settings_of(task).action);
    return command != nullptr && std::ranges::any_of(command->command, [&](const auto& argument) {
             return !resolve(task, argument);
           });
  }

  void judge_attempts(core::TaskIndex task) {
    const TaskState state = run_.rows[task].state;
    auto tried = attempts(task);
    if (tried.empty()) {
      if (misses_a_value(task) && state == TaskState::kFailed) {
        return;
      }
      object(task, "it was due and has no attempt");
    }
    if (misses_a_value(task)) {
      object(task, "it ran without a value that it needs");
    }
    const auto fault = find_attempt_fault({.settings = fact_.settings_of(task),
                                           .row = run_.rows[task],
                                           .attempts = std::move(tried),
                                           .is_stream = fact_.is_stream(task),
                                           .may_be_stopped = may_be_stopped(task)});
    if (fault) {
      object(task, *fault);
    }
  }

  [[nodiscard]] EndedTask ended(const std::string& task_key) const {
    const core::TaskRow& row = run_.rows[fact_.index_of(task_key)];
    return {.state = row.state,
            .outcome = row.outcome == 0 ? std::nullopt : std::optional(row.outcome == 1),
            .is_left_out = left_out_.contains(task_key)};
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
        if (!task.disabled && !left_out_.contains(task.task_key)) {
          leaves.erase(dependency.task_key);
        }
      }
    }
    bool any_failed = false;
    bool leaf_failed = false;
    bool only_cancelled = true;
    for (const auto& task : settings_.tasks) {
      const EndedTask how = ended(task.task_key);
      if (class_of(how, std::nullopt) == Class::kFailed) {
        any_failed = true;
        leaf_failed = leaf_failed || leaves.contains(task.task_key);
        only_cancelled = only_cancelled && is_cancel(how.state);
      }
    }
    if (leaf_failed) {
      return only_cancelled ? RunState::kCancelled : RunState::kFailed;
    }
    return any_failed ? RunState::kSucceededWithFailures : RunState::kSucceeded;
  }

  const RunFact& fact_;
  const core::StoredRun& run_;
  const model::JobSettings& settings_;
  TaskKeys left_out_;
};

/// When the present pass began; kNoTime: it ended in the queue.
Timestamp pass_start(const core::RunRecord& run) {
  return run.repairs.empty() ? run.started : run.repairs.back().started;
}

}  // namespace

EndedTask ended_task(const RunFact& run, const std::string& task_key) {
  const TaskFact& fact = run.tasks[run.index_of(task_key)];
  return {.state = fact.state,
          .outcome = fact.outcome == 0 ? std::nullopt : std::optional(fact.outcome == 1),
          .is_left_out = left_out_tasks(*run.settings, run.record.only).contains(task_key)};
}

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

void check_finished_run(const RunFact& fact) {
  const core::RunRecord& record = fact.finished->record;
  if (record.state == RunState::kSkipped || pass_start(record) == kNoTime) {
    return;  // Never ran: the ledger judges why.
  }
  Oracle(fact).check();
}

}  // namespace sheaf::sim
