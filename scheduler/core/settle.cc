#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "common/base/check.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

enum class Verdict { kRun, kExclude, kUpstreamFailed };

/// run_if over finished dependencies (documentation of task dependencies). All excluded: excluded.
Verdict judge(model::RunIf run_if, const DependencyCounts& counts, std::uint32_t total) {
  const std::uint32_t excluded = total - counts.succeeded - counts.failed;
  if (total > 0 && excluded == total && !planted::has("core.exclusion_not_cascaded")) {
    return Verdict::kExclude;
  }
  switch (run_if) {
    case model::RunIf::kAllSuccess:
      return counts.failed == 0 ? Verdict::kRun : Verdict::kUpstreamFailed;
    case model::RunIf::kAtLeastOneSuccess:
      return total == 0 || counts.succeeded > 0 ? Verdict::kRun : Verdict::kUpstreamFailed;
    case model::RunIf::kNoneFailed:
      return counts.failed == 0 ? Verdict::kRun : Verdict::kUpstreamFailed;
    case model::RunIf::kAllDone:
      return Verdict::kRun;
    case model::RunIf::kAtLeastOneFailed:
      return counts.failed > 0 ? Verdict::kRun : Verdict::kExclude;
    case model::RunIf::kAllFailed:
      return total > 0 && counts.failed == total ? Verdict::kRun : Verdict::kExclude;
  }
  check_failed(__FILE__, __LINE__, "run_if", "not a RunIf");
}

/// Compares after references are resolved; nullopt when a numeric comparison has no numbers.
std::optional<bool> compare(model::ConditionOperator op,
                            const std::string& left,
                            const std::string& right) {
  if (op == model::ConditionOperator::kEqualTo) {
    return left == right;
  }
  if (op == model::ConditionOperator::kNotEqual) {
    return left != right;
  }
  const auto a = parse_number(left);
  const auto b = parse_number(right);
  if (!a || !b) {
    return std::nullopt;
  }
  switch (op) {
    case model::ConditionOperator::kGreaterThan:
      return *a > *b;
    case model::ConditionOperator::kGreaterThanOrEqual:
      return *a >= *b;
    case model::ConditionOperator::kLessThan:
      return *a < *b;
    case model::ConditionOperator::kLessThanOrEqual:
      return *a <= *b;
    case model::ConditionOperator::kEqualTo:
    case model::ConditionOperator::kNotEqual:
      break;
  }
  check_failed(__FILE__, __LINE__, "op", "handled above");
}

/// Conclusions about one Settle command; TasksReady events are collected into one a run.
class Settler {
 public:
  explicit Settler(Draft& draft) : draft_(draft) {}

  void judge_unblocked(TaskRef what) {
    const LiveRun* run = draft_.state.find_run(what.run);
    if (run == nullptr || run->tasks.state[what.task] != TaskState::kBlocked) {
      return;
    }
    if (run->record.state != RunState::kRunning) {
      return;  // It is among the stoppable.
    }
    const model::TaskSettings& settings = run->task_settings(what.task);
    if (settings.disabled || !run->is_selected(what.task)) {
      finish_task(draft_, what, TaskState::kDisabled, "");
      return;
    }
    const DependencyCounts& counts = run->dependencies[what.task];
    switch (judge(settings.run_if, counts, run->graph.dependency_count(what.task))) {
      case Verdict::kExclude:
        finish_task(draft_, what, TaskState::kExcluded, "");
        return;
      case Verdict::kUpstreamFailed:
        if (counts.cancelled == counts.failed) {
          finish_task(
              draft_, what, TaskState::kUpstreamCancelled, "An upstream task was cancelled.");
        } else {
          finish_task(draft_, what, TaskState::kUpstreamFailed, "An upstream task failed.");
        }
        return;
      case Verdict::kRun:
        start(*run, what.task);
        return;
    }
  }

  void stop(TaskRef what) {
    const LiveRun* run = draft_.state.find_run(what.run);
    if (run == nullptr) {
      return;
    }
    const TaskState state = run->tasks.state[what.task];
    if (!is_terminal(state) && !is_active(state) && state != TaskState::kDelegated) {
      finish_task(
          draft_, what, TaskState::kCancelled, "The run was stopped before this task could start.");
    }
  }

  void settle_block(BlockRef what);
  void finish_run(RunId id);

  void start_next(JobId job) {
    const auto found = draft_.state.jobs.find(job);
    if (found == draft_.state.jobs.end() || found->second.queued.empty()) {
      return;
    }
    const LiveRun& run = *draft_.state.find_run(found->second.queued.front());
    const auto timeout = run.settings->timeout;
    draft_.record(RunStarted{.run = run.record.id,
                             .at = draft_.now,
                             .deadline = timeout.count() > 0 ? draft_.now + timeout : kNoTime});
    alert(draft_, run.record, run.settings->alerts, AlertEvent::kStart, RunState::kRunning, "");
  }

  void record_ready() {
    for (auto& [run, tasks] : ready_) {
      draft_.record(TasksReady{.run = run, .tasks = std::move(tasks)});
    }
  }

 private:
  void start_iterations(const LiveRun& run, std::uint32_t block);

  void start(const LiveRun& run, TaskIndex task) {
    const TaskRef what{run.record.id, task};
    const model::TaskSettings& settings = run.task_settings(task);
    if (const auto* condition = std::get_if<model::ConditionTask>(&settings.action)) {
      evaluate(run, what, *condition);
      return;
    }
    if (std::holds_alternative<model::ForEachTask>(settings.action) ||
        std::holds_alternative<model::RunJobTask>(settings.action)) {
      delegate_task(draft_, run, task);
      return;
    }
    const auto spec = build_attempt_spec(run, task, {.attempt = run.tasks.attempt[task]});
    if (!spec) {
      finish_task(draft_, what, TaskState::kFailed, spec.error().message);
      return;
    }
    warn_if_unmeetable(draft_, run, task);
    ready_[run.record.id].push_back(task);
  }

  void evaluate(const LiveRun& run, TaskRef what, const model::ConditionTask& condition) {
    const auto left = resolve_operand(run, what.task, condition.left);
    const auto right = resolve_operand(run, what.task, condition.right);
    if (!left || !right) {
      finish_task(
          draft_, what, TaskState::kFailed, left ? right.error().message : left.error().message);
      return;
    }
    const auto is_true = compare(condition.op, *left, *right);
    if (!is_true) {
      finish_task(
          draft_,
          what,
          TaskState::kFailed,
          "the condition compares numbers, but has \"" + *left + "\" and \"" + *right + "\"");
      return;
    }
    finish_task(draft_,
                what,
                TaskState::kSucceeded,
                "",
                *is_true ? EdgeOutcome::kTrue : EdgeOutcome::kFalse);
  }

  Draft& draft_;
  std::map<RunId, std::vector<TaskIndex>> ready_;
};

struct RunResult {
  RunState state = RunState::kSucceeded;
  std::string message;
};

bool is_cancel(TaskState state) {
  return state == TaskState::kCancelled || state == TaskState::kUpstreamCancelled;
}

/// Whether nothing depends on the task, but what is disabled or was not selected: that could hide a
/// failure and cannot mend one.
bool is_leaf(const LiveRun& run, TaskIndex task) {
  return std::ranges::none_of(run.graph.dependents(task), [&run](const Edge& edge) {
    return run.is_selected(edge.target) && !run.task_settings(edge.target).disabled;
  });
}

/// "Task train failed with message: …"
std::string cause_message(const LiveRun& run, TaskIndex cause) {
  const auto details = run.details.find(cause);
  return "Task " + run.task_settings(cause).task_key +
         " failed with message: " + (details == run.details.end() ? "" : details->second.message);
}

/// The run's result from its leaves (documentation of job runs); O(tasks).
RunResult result_of(const LiveRun& run) {
  if (run.record.stop_reason != StopReason::kNone) {
    return {
        run.record.stop_reason == StopReason::kTimeout ? RunState::kTimedOut : RunState::kCancelled,
        run.record.message};
  }
  bool any_failed = false;
  bool leaf_failed = false;
  bool only_cancelled = true;
  // A failed leaf is told before a failure that another task may have handled.
  std::optional<TaskIndex> cause;
  bool cause_is_leaf = false;
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    if (classify(run, task, EdgeOutcome::kAny) != DependencyClass::kFailed) {
      continue;
    }
    any_failed = true;
    const TaskState state = run.tasks.state[task];
    const bool is_failed_leaf = is_leaf(run, task);
    leaf_failed = leaf_failed || is_failed_leaf;
    only_cancelled = only_cancelled && is_cancel(state);
    const bool is_own =
        state != TaskState::kUpstreamFailed && state != TaskState::kUpstreamCancelled;
    if (is_own && (!cause || (is_failed_leaf && !cause_is_leaf))) {
      cause = task;
      cause_is_leaf = is_failed_leaf;
    }
  }
  if (!leaf_failed) {
    return {any_failed ? RunState::kSucceededWithFailures : RunState::kSucceeded, ""};
  }
  return {only_cancelled ? RunState::kCancelled : RunState::kFailed,
          cause ? cause_message(run, *cause) : ""};
}

void Settler::settle_block(BlockRef what) {
  const LiveRun* run = draft_.state.find_run(what.run);
  if (run == nullptr) {
    return;
  }
  const TaskIndex parent = run->record.blocks[what.block].parent;
  const LiveBlock& live = run->blocks[what.block];
  if (run->tasks.state[parent] != TaskState::kDelegated) {
    return;
  }
  const bool is_stopping = is_delegation_stopping(*run, parent);
  if (live.unfinished > 0 && !is_stopping) {
    start_iterations(*run, what.block);
  } else if (live.unfinished > 0 && !live.is_abandoned) {
    draft_.record(IterationsAbandoned{
        .run = what.run, .block = what.block, .state = TaskState::kCancelled, .at = draft_.now});
  } else if (live.unfinished == 0) {
    const std::uint32_t count = run->record.blocks[what.block].count;
    const bool has_failed = live.failed > 0;
    finish_task(draft_,
                {what.run, parent},
                is_stopping  ? stopped_state(*run, parent)
                : has_failed ? TaskState::kFailed
                             : TaskState::kSucceeded,
                has_failed || is_stopping
                    ? std::to_string(live.failed) + " of " + std::to_string(count) +
                          " iterations did not succeed"
                    : "");
  }
}

void Settler::start_iterations(const LiveRun& run, std::uint32_t block) {
  const IterationBlock& record = run.record.blocks[block];
  const LiveBlock& live = run.blocks[block];
  const auto& settings = std::get<model::ForEachTask>(run.task_settings(record.parent).action);
  auto places = static_cast<std::int64_t>(settings.concurrency) - std::int64_t{live.active} +
                (planted::has("core.iteration_beyond_concurrency") ? 1 : 0);
  WaitingRows waiting(run, block);
  for (; places > 0; --places) {
    const auto task = waiting.peek();
    if (!task) {
      return;
    }
    start(run, *task);
    waiting.pop();
  }
}

void Settler::finish_run(RunId id) {
  const LiveRun* run = draft_.state.find_run(id);
  if (run == nullptr || is_terminal(run->record.state) || run->unfinished_tasks > 0) {
    return;
  }
  const RunResult result = result_of(*run);
  draft_.record(
      RunFinished{.run = id, .state = result.state, .message = result.message, .at = draft_.now});
  alert_end(draft_, run->record, run->settings->alerts, result.state, result.message);
}

/// Iterations that a repair kept, of a for-each task that does not go on with them.
void abandon_kept_iterations(Draft& draft, TaskRef what, TaskState state) {
  const LiveRun& run = *draft.state.find_run(what.run);
  const auto block = run.find_block(what.task);
  if (block && run.blocks[*block].unfinished > 0) {
    draft.record(
        IterationsAbandoned{.run = what.run, .block = *block, .state = state, .at = draft.now});
  }
}

}  // namespace

void finish_task(
    Draft& draft, TaskRef what, TaskState state, std::string message, EdgeOutcome outcome) {
  abandon_kept_iterations(draft, what, state);
  draft.record(TaskFinished{.run = what.run,
                            .task = what.task,
                            .state = state,
                            .outcome = static_cast<std::uint8_t>(outcome),
                            .message = std::move(message),
                            .at = draft.now});
}

std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+' && !text.starts_with("+-")) {
    ++begin;
  }
  // from_chars reads "inf" and "nan", which are no numbers that anybody means to compare.
  const auto [stop, error] = std::from_chars(begin, end, value);
  const bool is_number = error == std::errc{} && stop == end && std::isfinite(value);
  return is_number ? std::optional(value) : std::nullopt;
}

Decision decide_settle(Draft draft, const Settle& command) {
  Settler settler(draft);
  for (const TaskRef& what : command.work.unblocked) {
    settler.judge_unblocked(what);
  }
  for (const TaskRef& what : command.work.stoppable) {
    settler.stop(what);
  }
  for (const auto& [parent, end] : command.work.ended_children) {
    finish_child(draft, parent, end);
  }
  for (const BlockRef& block : command.work.blocks) {
    settler.settle_block(block);
  }
  settler.record_ready();
  for (const RunId run : command.work.finished_runs) {
    settler.finish_run(run);
  }
  for (const JobId job : command.work.startable_jobs) {
    settler.start_next(job);
  }
  return std::move(draft.step);
}

}  // namespace sheaf::core
