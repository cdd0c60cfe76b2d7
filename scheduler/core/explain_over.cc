// Why what is over ended as it did: conditions, failures before it, what was left out.
#include <algorithm>

#include "scheduler/core/explainer.h"
#include "scheduler/core/state_writer.h"

namespace sheaf::core {
namespace {

EdgeOutcome edge_of(const model::Dependency& dependency) {
  return !dependency.outcome   ? EdgeOutcome::kAny
         : *dependency.outcome ? EdgeOutcome::kTrue
                               : EdgeOutcome::kFalse;
}

std::string outcome_text(bool is_true) {
  return is_true ? "true" : "false";
}

std::string message_of(const LiveRun& run, TaskIndex task) {
  const auto details = run.details.find(task);
  return details == run.details.end() || details->second.message.empty()
             ? std::string(".")
             : ": " + details->second.message;
}

bool is_upstream(TaskState state) {
  return state == TaskState::kUpstreamFailed || state == TaskState::kUpstreamCancelled;
}

}  // namespace

Explainer::Reasons Explainer::of_run_over(const LiveRun& run) {
  const bool is_skipped = run.record.state == RunState::kSkipped;
  Reason reason{.code = is_skipped ? ReasonCode::kRunSkipped : ReasonCode::kFinished,
                .message = "The run ended as " + std::string(model::to_string(run.record.state)) +
                           (run.record.message.empty() ? "." : ": " + run.record.message),
                .run = run.record.id,
                .outcome = std::string(model::to_string(run.record.state))};
  for (TaskIndex task = 0; task < run.record.graph_size && !is_skipped; ++task) {
    const TaskState state = run.tasks.state[task];
    const bool has_failed = is_terminal(state) && !is_upstream(state) &&
                            classify(run, task, EdgeOutcome::kAny) == DependencyClass::kFailed;
    if (has_failed) {
      add_all(reason.because, of_task_over(run, task));
    }
  }
  Reasons reasons;
  add(reasons, std::move(reason));
  return reasons;
}

Explainer::Reasons Explainer::of_task_over(const LiveRun& run, TaskIndex task) {
  const TaskState state = run.tasks.state[task];
  if (state == TaskState::kDisabled) {
    return {run.is_selected(task)
                ? about(run, task, ReasonCode::kDisabled, name_of(run, task) + " is disabled.")
                : about(run,
                        task,
                        ReasonCode::kNotSelected,
                        "The run was started for other tasks than " + name_of(run, task) + ".")};
  }
  if (!run.is_iteration(task) && state == TaskState::kExcluded) {
    return of_excluded(run, task);
  }
  if (!run.is_iteration(task) && is_upstream(state)) {
    return of_upstream_failed(run, task);
  }
  Reason reason = about(run,
                        task,
                        ReasonCode::kFinished,
                        name_of(run, task) + " ended as " + std::string(model::to_string(state)) +
                            message_of(run, task));
  reason.outcome = model::to_string(state);
  return {std::move(reason)};
}

Explainer::Reasons Explainer::of_excluded(const LiveRun& run, TaskIndex task) {
  const auto classify_edge = [&run](const model::Dependency& dependency, TaskIndex there) {
    return classify(run, there, edge_of(dependency));
  };
  const auto& dependencies = run.settings->tasks[task].depends_on;
  const bool is_all_excluded =
      !dependencies.empty() && std::ranges::all_of(dependencies, [&](const auto& dependency) {
        return classify_edge(dependency, run.graph.find(dependency.task_key).value()) ==
               DependencyClass::kExcluded;
      });
  if (!is_all_excluded) {
    return {about(run,
                  task,
                  ReasonCode::kRunIfNotMet,
                  "What " + name_of(run, task) + " depends on did not end as its run_if asks.")};
  }
  const auto causes =
      walk_back(run, task, [&](const model::Dependency& dependency, TaskIndex there) {
        if (classify_edge(dependency, there) != DependencyClass::kExcluded) {
          return Turn::kIgnore;
        }
        return run.tasks.state[there] == TaskState::kExcluded ? Turn::kPass : Turn::kStop;
      });
  Reasons reasons;
  for (const Found& cause : causes) {
    const bool is_disabled = run.tasks.state[cause.task] == TaskState::kDisabled;
    const std::string outcome = is_disabled ? "" : outcome_text(run.tasks.outcome[cause.task] == 1);
    Reason reason =
        about(run,
              cause.task,
              is_disabled ? ReasonCode::kDisabled : ReasonCode::kExcludedByCondition,
              is_disabled ? name_of(run, task) + " depends on " + name_of(run, cause.task) +
                                ", which is disabled."
                          : "Condition " + name_of(run, cause.task) + " was " + outcome + ", and " +
                                name_of(run, task) + " follows only the other outcome.");
    reason.outcome = outcome;
    reason.through = cause.through;
    add(reasons, std::move(reason));
  }
  if (reasons.empty()) {
    reasons.push_back(about(run,
                            task,
                            ReasonCode::kRunIfNotMet,
                            "What comes before " + name_of(run, task) +
                                " did not end as the run_if of a task between asks."));
  }
  return reasons;
}

Explainer::Reasons Explainer::of_upstream_failed(const LiveRun& run, TaskIndex task) {
  const auto causes =
      walk_back(run, task, [&run](const model::Dependency& dependency, TaskIndex there) {
        if (classify(run, there, edge_of(dependency)) != DependencyClass::kFailed) {
          return Turn::kIgnore;
        }
        return is_upstream(run.tasks.state[there]) ? Turn::kPass : Turn::kStop;
      });
  Reasons reasons;
  for (const Found& cause : causes) {
    const std::string state(model::to_string(run.tasks.state[cause.task]));
    Reason reason = about(run,
                          cause.task,
                          ReasonCode::kDependencyFailed,
                          name_of(run, task) + " depends on " + name_of(run, cause.task) +
                              ", which ended as " + state + message_of(run, cause.task));
    reason.outcome = state;
    reason.through = cause.through;
    add(reasons, std::move(reason));
  }
  return reasons;
}

}  // namespace sheaf::core
