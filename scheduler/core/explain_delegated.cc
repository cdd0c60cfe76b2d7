// Tasks that are with a worker, and those that are done by iterations or by a run.
#include <algorithm>

#include "scheduler/core/decide.h"
#include "scheduler/core/explainer.h"

namespace sheaf::core {

Explainer::Reasons Explainer::of_active(const LiveRun& run, TaskIndex task) {
  const auto found = state_.workers.find(run.tasks.worker[task]);
  const std::string worker = found == state_.workers.end() ? "" : found->second.record.name;
  const std::string name = name_of(run, task);
  const TaskState state = run.tasks.state[task];
  Reasons reasons;
  const auto add_reason = [&](ReasonCode code, std::string message, Timestamp until = kNoTime) {
    Reason reason = about(run, task, code, std::move(message));
    reason.worker = worker;
    reason.until = until;
    reasons.push_back(std::move(reason));
  };
  if (state == TaskState::kStopping) {
    const bool is_timeout = run.tasks.stop_reason[task] == StopReason::kTimeout;
    add_reason(ReasonCode::kStopping,
               name +
                   (is_timeout ? " is being stopped, since it ran into its timeout: "
                               : " is being stopped: ") +
                   "worker " + worker + " has not said yet that its processes are gone.");
  } else if (state == TaskState::kLeased) {
    add_reason(ReasonCode::kStarting,
               name + " was given to worker " + worker + ", which prepares and starts it.");
  } else {
    add_reason(
        ReasonCode::kRunning, name + " runs on worker " + worker + ".", run.tasks.deadline[task]);
  }
  if (is_loss_expected(run, task)) {
    add_reason(
        ReasonCode::kLossExpected,
        "Worker " + worker +
            " does not know the attempt; it counts as lost unless it is reported until then.",
        run.tasks.deadline[task]);
  } else if (found != state_.workers.end() && found->second.suspect) {
    add_reason(ReasonCode::kWorkerSuspect,
               "Worker " + worker + " has to be heard of again; " + name +
                   " stays its own until its lease is over.");
  }
  return reasons;
}

Explainer::Reasons Explainer::of_streaming(const LiveRun& run, TaskIndex task) {
  const auto holder = state_.attempts.find(run.tasks.attempt[task]);
  if (holder == state_.attempts.end()) {
    return {due(run, task, name_of(run, task) + " is about to wait for a process again.")};
  }
  Reason reason = about(run,
                        task,
                        ReasonCode::kRunning,
                        name_of(run, task) + " has no outcome yet: it is in the stream of " +
                            name_of(run, holder->second.task) + ".");
  reason.because = of_active(run, holder->second.task);
  return {std::move(reason)};
}

Explainer::Reasons Explainer::of_delegated(const LiveRun& run, TaskIndex task) {
  Reasons reasons;
  const auto details = run.details.find(task);
  if (const auto block = run.is_iteration(task) ? std::nullopt : run.find_block(task)) {
    reasons = of_iterations(run, task, *block);
  } else if (details != run.details.end() && details->second.child.is_valid()) {
    reasons = of_child(run, task, details->second.child);
  } else {
    reasons.push_back(due(run, task, name_of(run, task) + " is about to begin its work."));
  }
  if (!is_delegation_stopping(run, task)) {
    return reasons;
  }
  Reason stopping =
      about(run, task, ReasonCode::kStopping, name_of(run, task) + " is being stopped.");
  stopping.because = std::move(reasons);
  return {std::move(stopping)};
}

Explainer::Reasons Explainer::of_child(const LiveRun& run, TaskIndex task, RunId child) {
  Reason reason =
      about(run,
            task,
            ReasonCode::kWaitingForChildRun,
            name_of(run, task) + " waits for run " + to_string(child) + ", which it started.");
  reason.runs = {child};
  const LiveRun* live = state_.find_run(child);
  if (live != nullptr && level_ < kMaxExplainedLevels) {
    ++level_;
    reason.because = of_run(*live);
    --level_;
  }
  return {std::move(reason)};
}

Explainer::Reasons Explainer::of_iterations(const LiveRun& run,
                                            TaskIndex parent,
                                            std::uint32_t block) {
  const IterationBlock& record = run.record.blocks[block];
  const LiveBlock& live = run.blocks[block];
  Reason reason = about(run,
                        parent,
                        ReasonCode::kWaitingForIterations,
                        name_of(run, parent) + " waits for " + std::to_string(live.unfinished) +
                            " of its " + std::to_string(record.count) + " iterations.");
  reason.used = live.active;
  reason.limit = std::get<model::ForEachTask>(run.settings->tasks[parent].action).concurrency;
  std::uint32_t left = live.active;
  for (TaskIndex row = record.first; row < record.first + record.count && left > 0; ++row) {
    const TaskState state = run.tasks.state[row];
    if (!takes_place(live, state)) {
      continue;
    }
    --left;
    if (is_full(reason.because)) {
      add(reason.because, {});
      break;
    }
    add_all(reason.because, of_task(run, row));
  }
  return {std::move(reason)};
}

}  // namespace sheaf::core
