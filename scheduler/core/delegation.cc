// For-each and run-job tasks: their work is done by iterations, or by a run that they start.
#include <algorithm>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

void fail_task(Draft& draft, TaskRef what, std::string message) {
  finish_task(draft, what, TaskState::kFailed, std::move(message));
}

/// Events of the block; an empty list is a task that has succeeded.
void plan_iterations(Draft& draft, TaskRef what, IterationInputs inputs) {
  if (inputs.size() == 0) {
    finish_task(draft, what, TaskState::kSucceeded, "");
    return;
  }
  const LiveRun& run = *draft.state.find_run(what.run);
  // Blocks that the same step planned before are not in State yet.
  TaskIndex first = run.record.task_count;
  for (const Event& event : draft.step.events) {
    const auto* planned = std::get_if<IterationsPlanned>(&event);
    if (planned != nullptr && planned->run == what.run) {
      first = planned->block.first + planned->block.count;
    }
  }
  if (std::size_t{first} + inputs.size() > limits::kMaxRowsPerRun) {
    fail_task(
        draft,
        what,
        "a run has at most " + std::to_string(limits::kMaxRowsPerRun) + " tasks and iterations");
    return;
  }
  const IterationBlock block{.parent = what.task,
                             .first = first,
                             .count = inputs.size(),
                             .first_attempt = AttemptId{draft.draw_ids(inputs.size())}};
  draft.record(
      IterationsPlanned{.run = what.run,
                        .block = block,
                        .inputs = std::make_shared<const IterationInputs>(std::move(inputs))});
}

void record_delegated(Draft& draft, const LiveRun& run, TaskIndex task) {
  const auto timeout = run.task_settings(task).timeout;
  draft.record(TaskDelegated{.run = run.record.id,
                             .task = task,
                             .at = draft.now,
                             .deadline = timeout.count() > 0 ? draft.now + timeout : kNoTime});
}

/// The delegated task that a follow-up speaks of, if it is still to go on.
const LiveRun* find_waiting(Draft& draft, TaskRef what) {
  const LiveRun* run = draft.state.find_run(what.run);
  if (run == nullptr || run->tasks.state[what.task] != TaskState::kDelegated) {
    return nullptr;
  }
  if (is_delegation_stopping(*run, what.task)) {
    finish_task(draft, what, stopped_state(*run, what.task), "Stopped before its run was started.");
    return nullptr;
  }
  return run;
}

/// What the child gets: the parent's parameters that it declares, under what the task names.
Result<NamedStrings> child_overrides(const LiveRun& run,
                                     TaskIndex task,
                                     const model::RunJobTask& action,
                                     const model::JobSettings& child) {
  NamedStrings overrides;
  for (const model::ParameterSettings& declared : child.parameters) {
    const auto& own = run.record.parameters;
    if (std::ranges::find(own, declared.name, &NamedStrings::value_type::first) == own.end()) {
      continue;
    }
    auto value = parameter_value(run, declared.name);
    if (!value) {
      return fail(value.error());
    }
    overrides.emplace_back(declared.name, *std::move(value));
  }
  for (const auto& [name, text] : action.job_parameters) {
    auto value = resolve_text(run, task, text);
    if (!value) {
      return fail(value.error());
    }
    const auto found =
        std::ranges::find(overrides, name, [](const auto& entry) { return entry.first; });
    if (found != overrides.end()) {
      found->second = *std::move(value);
    } else {
      overrides.emplace_back(name, *std::move(value));
    }
  }
  return overrides;
}

/// The run whose task waits for the end of `run`. Who started it need not: either may have been
/// repaired since.
const LiveRun* find_waiting_parent(const State& state, const LiveRun& run) {
  const TaskRef parent = run.record.trigger.parent;
  const LiveRun* above = parent.run.is_valid() ? state.find_run(parent.run) : nullptr;
  if (above == nullptr || parent.task >= above->record.task_count ||
      above->tasks.state[parent.task] != TaskState::kDelegated) {
    return nullptr;
  }
  const auto details = above->details.find(parent.task);
  const bool waits = details != above->details.end() && details->second.child == run.record.id;
  return waits ? above : nullptr;
}

/// Whether a new run of the job would queue behind a run that waits for it.
bool waits_for_itself(const State& state, const LiveRun& run, JobId job) {
  const auto activity = state.jobs.find(job);
  if (activity == state.jobs.end() || static_cast<std::int64_t>(activity->second.running.size()) <
                                          activity->second.max_concurrent_runs) {
    return false;
  }
  for (const LiveRun* above = &run; above != nullptr; above = find_waiting_parent(state, *above)) {
    if (above->record.job == job) {
      return true;
    }
  }
  return false;
}

/// Why the task's job cannot have a run now; empty: it can.
std::string find_child_fault(const Draft& draft, const LiveRun& run, JobId job) {
  if (!draft.facts.job) {
    return job.is_valid() ? "Job " + to_string(job) + " does not exist."
                          : "The deployment has no such job any more.";
  }
  if (run.record.depth >= static_cast<std::uint32_t>(limits::kMaxRunJobDepth)) {
    return "Run-job tasks start runs at most " + std::to_string(limits::kMaxRunJobDepth) +
           " levels deep.";
  }
  if (waits_for_itself(draft.state, run, job)) {
    return "Job " + to_string(job) +
           " already runs as a run that waits for this task, and has no " +
           "place for another: its max_concurrent_runs is too small.";
  }
  if (is_queue_full(draft, job)) {
    return "The queue of job " + to_string(job) + " is full.";
  }
  return {};
}

TaskState state_after(RunState child) {
  switch (child) {
    case RunState::kSucceeded:
    case RunState::kSucceededWithFailures:
      return TaskState::kSucceeded;
    case RunState::kCancelled:
      return TaskState::kCancelled;
    case RunState::kQueued:
    case RunState::kRunning:
    case RunState::kStopping:
    case RunState::kFailed:
    case RunState::kTimedOut:
    case RunState::kSkipped:
      break;
  }
  return TaskState::kFailed;
}

/// Whether the task's timeout is what stops it, and nothing around it stops too.
bool is_own_timeout(const LiveRun& run, TaskIndex task) {
  return run.record.state == RunState::kRunning &&
         run.tasks.stop_reason[task] == StopReason::kTimeout &&
         !(run.is_iteration(task) &&
           is_delegation_stopping(run, run.record.blocks[run.block_of(task)].parent));
}

void stop_child(Draft& draft, RunId id) {
  const LiveRun* child = draft.state.find_run(id);
  if (child == nullptr || planted::has("core.child_not_stopped")) {
    return;
  }
  const std::string message = "Stopped with the run that started it.";
  if (child->record.state == RunState::kQueued) {
    end_queued_run(draft, *child, RunState::kCancelled, message);
  } else if (child->record.state == RunState::kRunning) {
    stop_run(draft, *child, StopReason::kUserCancel, message);
  }
}

}  // namespace

bool is_delegation_stopping(const LiveRun& run, TaskIndex task) {
  return run.record.state != RunState::kRunning ||
         run.tasks.stop_reason[task] != StopReason::kNone ||
         (run.is_iteration(task) &&
          is_delegation_stopping(run, run.record.blocks[run.block_of(task)].parent));
}

TaskState stopped_state(const LiveRun& run, TaskIndex task) {
  const StopReason own = run.tasks.stop_reason[task];
  const StopReason reason = own != StopReason::kNone ? own : run.record.stop_reason;
  return reason == StopReason::kTimeout ? TaskState::kTimedOut : TaskState::kCancelled;
}

void delegate_task(Draft& draft, const LiveRun& run, TaskIndex task) {
  const TaskRef what{run.record.id, task};
  const auto* loop = std::get_if<model::ForEachTask>(&run.task_settings(task).action);
  if (loop == nullptr || !loop->inputs_file.empty() || run.find_block(task)) {
    record_delegated(draft, run, task);
    return;
  }
  const auto text = resolve_text(run, task, loop->inputs);
  if (!text) {
    fail_task(draft, what, text.error().message);
    return;
  }
  auto inputs = IterationInputs::from_array(*text);
  if (!inputs) {
    fail_task(draft, what, inputs.error().message);
    return;
  }
  record_delegated(draft, run, task);
  plan_iterations(draft, what, *std::move(inputs));
}

void stop_delegates(Draft& draft, const LiveRun& run, TaskIndex task, StopReason reason) {
  const auto details = run.details.find(task);
  if (details != run.details.end() && details->second.child.is_valid()) {
    stop_child(draft, details->second.child);
  }
  const auto block = run.find_block(task);
  if (!block) {
    return;
  }
  const IterationBlock& record = run.record.blocks[*block];
  for (TaskIndex row = record.first; row < record.first + record.count; ++row) {
    const TaskState state = run.tasks.state[row];
    if (state == TaskState::kLeased || state == TaskState::kRunning) {
      stop_attempt(draft, run, row, reason);
    } else if (state == TaskState::kDelegated) {
      stop_delegates(draft, run, row, reason);
    }
  }
}

Decision decide_start_child(Draft draft, const StartChildRun& command) {
  const TaskRef what = command.parent;
  const LiveRun* run = find_waiting(draft, what);
  if (run == nullptr) {
    return std::move(draft.step);
  }
  const std::string fault = find_child_fault(draft, *run, command.job);
  if (!fault.empty()) {
    fail_task(draft, what, fault);
    return std::move(draft.step);
  }
  const auto& action = std::get<model::RunJobTask>(run->task_settings(what.task).action);
  auto overrides = child_overrides(*run, what.task, action, *draft.facts.job_settings);
  if (!overrides) {
    fail_task(draft, what, overrides.error().message);
    return std::move(draft.step);
  }
  // The child is known to its task before it can end: it may be skipped at once.
  const RunId child{draft.next_id};
  draft.record(ChildRunStarted{.run = what.run, .task = what.task, .child = child});
  const RunId created = create_run(draft,
                                   *draft.facts.job,
                                   draft.facts.job_settings,
                                   {.overrides = *std::move(overrides),
                                    .trigger = {.kind = TriggerKind::kRunJob, .parent = what},
                                    .depth = run->record.depth + 1});
  SHEAF_CHECK(created == child, "a run took another id than the next");
  return std::move(draft.step);
}

Decision decide_plan_iterations(Draft draft, const PlanIterations& command) {
  const LiveRun* run = find_waiting(draft, command.parent);
  if (run == nullptr) {
    return std::move(draft.step);
  }
  auto inputs = draft.facts.file ? IterationInputs::from_lines(*draft.facts.file)
                                 : Result<IterationInputs>(fail(draft.facts.file.error()));
  if (!inputs) {
    fail_task(draft, command.parent, command.path + ": " + inputs.error().message);
    return std::move(draft.step);
  }
  plan_iterations(draft, command.parent, *std::move(inputs));
  return std::move(draft.step);
}

void finish_child(Draft& draft, TaskRef parent, const ChildEnd& end) {
  const LiveRun* run = draft.state.find_run(parent.run);
  if (run == nullptr || run->tasks.state[parent.task] != TaskState::kDelegated) {
    return;
  }
  if (is_delegation_stopping(*run, parent.task)) {
    if (is_own_timeout(*run, parent.task) && may_retry(*run, parent.task, TaskState::kTimedOut)) {
      retry(draft, *run, parent.task, false);
      return;
    }
    finish_task(draft, parent, stopped_state(*run, parent.task), "Its run was stopped with it.");
    return;
  }
  const TaskState state = state_after(end.state);
  if (may_retry(*run, parent.task, state)) {
    retry(draft, *run, parent.task, false);
    return;
  }
  std::string message;
  if (state != TaskState::kSucceeded) {
    message = "Run " + to_string(end.run) + " ended as " +
              std::string(model::to_string(end.state)) +
              (end.message.empty() ? "" : ": " + end.message);
  }
  finish_task(draft, parent, state, std::move(message));
}

std::vector<Command> take_follow_ups(State& state) {
  std::vector<Command> commands;
  Unsettled work = std::exchange(state.unsettled, {});
  if (!work.is_settled()) {
    // Settled first: it may yet end what wants Facts.
    state.unsettled.wanting_facts = std::move(work.wanting_facts);
    commands.emplace_back(Settle{.work = std::move(work)});
    return commands;
  }
  for (const TaskRef& what : work.wanting_facts) {
    const LiveRun& run = *state.find_run(what.run);
    const model::TaskAction& action = run.task_settings(what.task).action;
    if (const auto* loop = std::get_if<model::ForEachTask>(&action)) {
      commands.emplace_back(PlanIterations{.parent = what,
                                           .manifest_digest = run.record.manifest_digest,
                                           .path = loop->inputs_file});
      continue;
    }
    const auto& job = std::get<model::RunJobTask>(action);
    JobId id = job.job;
    for (const JobLink& link : run.record.links) {
      id = !job.resource_key.empty() && link.resource_key == job.resource_key ? link.job : id;
    }
    commands.emplace_back(StartChildRun{.parent = what, .job = id});
  }
  return commands;
}

}  // namespace sheaf::core
