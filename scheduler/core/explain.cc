#include "scheduler/core/explain.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "common/model/nearest.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/explainer.h"

namespace sheaf::core {
namespace {

constexpr std::size_t kMaxThrough = 8;

std::string through_text(const std::vector<std::string>& through) {
  std::string text;
  for (const std::string& key : through) {
    text += (text.empty() ? " (through " : ", ") + key;
  }
  return text.empty() ? text : text + ")";
}

/// Iterations of a stream share an attempt: the first that is not over is meant.
std::optional<TaskIndex> find_row(const LiveRun& run, AttemptId attempt) {
  std::optional<TaskIndex> found;
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    if (run.tasks.attempt[task] == attempt && !is_terminal(run.tasks.state[task])) {
      return task;
    }
    if (run.tasks.attempt[task] == attempt && !found) {
      found = task;
    }
  }
  return found;
}

Result<TaskIndex> find_asked(const LiveRun& run, const Explain& what) {
  if (what.attempt.is_valid()) {
    if (const auto found = find_row(run, what.attempt)) {
      return *found;
    }
    return fail(
        ErrorCode::kNotFound,
        "Run " + to_string(run.record.id) + " has no task run " + to_string(what.attempt) + ".");
  }
  if (const auto found = run.graph.find(what.task_key)) {
    return *found;
  }
  std::vector<std::string> keys;
  for (const model::TaskSettings& task : run.settings->tasks) {
    keys.push_back(task.task_key);
  }
  return fail(ErrorCode::kNotFound,
              "Run " + to_string(run.record.id) + " has no task \"" + what.task_key + "\"" +
                  model::did_you_mean(what.task_key, keys));
}

}  // namespace

std::string name_of(const LiveRun& run, TaskIndex task) {
  if (!run.is_iteration(task)) {
    return run.settings->tasks[task].task_key;
  }
  const IterationBlock& block = run.record.blocks[run.block_of(task)];
  return run.settings->tasks[block.parent].task_key + "[" + std::to_string(task - block.first) +
         "]";
}

Reason Explainer::about(const LiveRun& run,
                        TaskIndex task,
                        ReasonCode code,
                        std::string message) const {
  Reason reason{.code = code,
                .message = std::move(message),
                .run = run.record.id,
                .attempt = run.tasks.attempt[task]};
  TaskIndex keyed = task;
  if (run.is_iteration(task)) {
    const IterationBlock& block = run.record.blocks[run.block_of(task)];
    reason.iteration = task - block.first;
    keyed = block.parent;
  }
  reason.task_key = run.settings->tasks[keyed].task_key;
  return reason;
}

Reason Explainer::due(const LiveRun& run, TaskIndex task, std::string message) const {
  return about(run, task, ReasonCode::kDue, std::move(message));
}

bool Explainer::is_full(const Reasons& list) const {
  return left_ == 0 || list.size() >= kMaxListedReasons;
}

void Explainer::add(Reasons& list, Reason reason) {
  if (!is_full(list)) {
    --left_;
    list.push_back(std::move(reason));
  } else if (list.empty() || list.back().code != ReasonCode::kMore) {
    list.push_back({.code = ReasonCode::kMore, .message = "There are more of these."});
  }
}

void Explainer::add_all(Reasons& list, Reasons more) {
  for (Reason& reason : more) {
    add(list, std::move(reason));
  }
}

std::vector<Explainer::Found> Explainer::walk_back(const LiveRun& run,
                                                   TaskIndex task,
                                                   const Judge& judge) {
  std::vector<Found> found;
  std::map<TaskIndex, std::vector<std::string>> through{{task, {}}};
  std::deque<TaskIndex> open{task};
  for (; !open.empty(); open.pop_front()) {
    for (const model::Dependency& dependency : run.settings->tasks[open.front()].depends_on) {
      const TaskIndex there = run.graph.find(dependency.task_key).value();
      const Turn turn = judge(dependency, there);
      if (turn == Turn::kIgnore || through.contains(there)) {
        continue;
      }
      auto path = through.at(open.front());
      through.emplace(there, path);
      if (turn == Turn::kStop) {
        found.push_back({.task = there, .through = std::move(path)});
        continue;
      }
      if (path.size() < kMaxThrough) {
        through.at(there).push_back(dependency.task_key);
      }
      open.push_back(there);
    }
  }
  return found;
}

Explainer::Reasons Explainer::of_run(const LiveRun& run) {
  if (is_terminal(run.record.state)) {
    return of_run_over(run);
  }
  if (run.record.state == RunState::kQueued) {
    return of_queued(run);
  }
  Reasons reasons;
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    const TaskState state = run.tasks.state[task];
    const bool waits_for_others =
        state == TaskState::kBlocked &&
        (run.dependencies[task].open > 0 || run.record.state == RunState::kStopping);
    if (is_terminal(state) || waits_for_others) {
      continue;
    }
    if (is_full(reasons)) {
      add(reasons, {});
      break;
    }
    add_all(reasons, of_task(run, task));
  }
  if (run.record.state == RunState::kStopping) {
    Reason stopping{.code = ReasonCode::kStopping,
                    .message = "The run is being stopped.",
                    .run = run.record.id,
                    .because = std::move(reasons)};
    reasons = {};
    add(reasons, std::move(stopping));
  }
  if (reasons.empty()) {
    add(reasons,
        {.code = ReasonCode::kDue,
         .message = "All of its tasks are over: it is about to end.",
         .run = run.record.id});
  }
  return reasons;
}

Explainer::Reasons Explainer::of_queued(const LiveRun& run) {
  Reason reason{.code = ReasonCode::kRunQueued, .run = run.record.id, .until = run.record.deadline};
  const auto job = state_.jobs.find(run.record.job);
  if (job == state_.jobs.end()) {
    return {};
  }
  const JobActivity& activity = job->second;
  const auto place = std::ranges::find(activity.queued, run.record.id);
  const auto ahead = static_cast<std::size_t>(place - activity.queued.begin());
  if (ahead == 0 && std::cmp_less(activity.running.size(), activity.max_concurrent_runs)) {
    return {{.code = ReasonCode::kDue,
             .message = "There is a place for the run: it is about to start.",
             .run = run.record.id}};
  }
  const auto keep = [&reason](RunId id) {
    if (reason.runs.size() < kMaxListedReasons) {
      reason.runs.push_back(id);
    }
  };
  std::ranges::for_each(activity.running, keep);
  std::for_each(activity.queued.begin(), place, keep);
  reason.position = static_cast<std::int64_t>(ahead) + 1;
  reason.used = static_cast<std::int64_t>(activity.running.size());
  reason.limit = activity.max_concurrent_runs;
  reason.message = "It waits in the job's queue: " + std::to_string(*reason.used) + " of at most " +
                   std::to_string(*reason.limit) + " runs are under way, and " +
                   std::to_string(ahead) + " come before it.";
  Reasons reasons;
  add(reasons, std::move(reason));
  return reasons;
}

Explainer::Reasons Explainer::of_task(const LiveRun& run, TaskIndex task) {
  const TaskState state = run.tasks.state[task];
  if (is_terminal(state)) {
    return of_task_over(run, task);
  }
  if (is_terminal(run.record.state)) {
    return of_run_over(run);  // It ended before its tasks were looked at.
  }
  if (run.record.state == RunState::kQueued) {
    return of_queued(run);
  }
  if (is_active(state)) {
    return of_active(run, task);
  }
  if (state == TaskState::kDelegated) {
    return of_delegated(run, task);
  }
  if (state == TaskState::kStreaming) {
    return of_streaming(run, task);
  }
  if (run.record.state == RunState::kStopping) {
    return {about(run,
                  task,
                  ReasonCode::kStopping,
                  "The run is being stopped: " + name_of(run, task) + " will not start.")};
  }
  if (state == TaskState::kReady) {
    return of_ready(run, task);
  }
  if (state == TaskState::kWaitingRetry) {
    Reason reason = about(run,
                          task,
                          ReasonCode::kWaitingForRetry,
                          name_of(run, task) + " waits until its next attempt.");
    reason.until = run.tasks.deadline[task];
    const auto details = run.details.find(task);
    if (details != run.details.end() && !details->second.attempts.empty()) {
      reason.message += " The last one: " + details->second.attempts.back().outcome.message;
    }
    return {std::move(reason)};
  }
  return run.is_iteration(task) ? of_iteration(run, task) : of_blocked(run, task);
}

Explainer::Reasons Explainer::of_blocked(const LiveRun& run, TaskIndex task) {
  if (!run.is_selected(task)) {
    return {
        about(run,
              task,
              ReasonCode::kNotSelected,
              "The run was started for other tasks: " + name_of(run, task) + " will not start.")};
  }
  if (run.settings->tasks[task].disabled) {
    return {about(
        run, task, ReasonCode::kDisabled, name_of(run, task) + " is disabled: it will not start.")};
  }
  const auto holders = walk_back(run, task, [&run](const model::Dependency&, TaskIndex there) {
    const TaskState state = run.tasks.state[there];
    if (is_terminal(state)) {
      return Turn::kIgnore;
    }
    return state == TaskState::kBlocked && run.dependencies[there].open > 0 ? Turn::kPass
                                                                            : Turn::kStop;
  });
  Reasons reasons;
  for (const Found& holder : holders) {
    if (is_full(reasons)) {
      add(reasons, {});
      break;
    }
    Reason reason = about(run,
                          holder.task,
                          ReasonCode::kDependencyNotFinished,
                          name_of(run, task) + " waits for " + name_of(run, holder.task) +
                              through_text(holder.through) + ", which has not finished.");
    reason.through = holder.through;
    reason.because = of_task(run, holder.task);
    add(reasons, std::move(reason));
  }
  if (reasons.empty()) {
    reasons.push_back(due(run, task, "All that it depends on has finished: it is about to start."));
  }
  return reasons;
}

Explainer::Reasons Explainer::of_iteration(const LiveRun& run, TaskIndex task) {
  const std::uint32_t block = run.block_of(task);
  const TaskIndex parent = run.record.blocks[block].parent;
  const auto& loop = std::get<model::ForEachTask>(run.settings->tasks[parent].action);
  if (std::cmp_less(run.blocks[block].active, loop.concurrency)) {
    return {due(run, task, "There is a place for one more iteration: it is about to start.")};
  }
  Reason reason = about(run,
                        task,
                        ReasonCode::kForEachConcurrency,
                        std::to_string(run.blocks[block].active) +
                            (run.blocks[block].is_stream ? " processes of " : " iterations of ") +
                            name_of(run, parent) + " are under way, as many as may be at once.");
  reason.used = run.blocks[block].active;
  reason.limit = loop.concurrency;
  return {std::move(reason)};
}

Explainer::Reasons Explainer::of_ready(const LiveRun& run, TaskIndex task) {
  if (!placement_) {
    placement_.emplace(state_);
  }
  Reasons reasons = placement_->find(run, task);
  for (Reason& reason : reasons) {
    const Reason named = about(run, task, reason.code, "");
    reason.message.insert(0, name_of(run, task) + ": ");
    reason.task_key = named.task_key;
    reason.iteration = named.iteration;
    reason.run = named.run;
    reason.attempt = named.attempt;
  }
  return reasons;
}

Result<Explanation> explain(const State& state, const LiveRun& run, const Explain& what) {
  Explainer explainer(state);
  Explanation explanation{.run = run.record.id};
  if (what.task_key.empty() && !what.attempt.is_valid()) {
    explanation.state = model::to_string(run.record.state);
    explanation.reasons = explainer.of_run(run);
    return explanation;
  }
  const auto task = find_asked(run, what);
  if (!task) {
    return fail(task.error());
  }
  explanation.task_key = name_of(run, *task);
  explanation.state = model::to_string(run.tasks.state[*task]);
  explanation.reasons = explainer.of_task(run, *task);
  return explanation;
}

Result<Explanation> explain_finished(StoredRun stored, const Explain& what) {
  return explain(State{}, from_stored(std::move(stored)), what);
}

Decision decide_explain(Draft draft, const Explain& command) {
  const LiveRun* run = draft.state.find_run(command.run);
  if (run == nullptr) {
    return reject(ErrorCode::kNotFound, "Run " + to_string(command.run) + " is not under way.");
  }
  auto explanation = explain(draft.state, *run, command);
  if (!explanation) {
    return reject(explanation.error().code, explanation.error().message);
  }
  draft.step.reply = ExplainReply{.explanation = *std::move(explanation)};
  return std::move(draft.step);
}

}  // namespace sheaf::core
