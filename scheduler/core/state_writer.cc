#include "scheduler/core/state_writer.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/planted.h"

namespace sheaf::core {
namespace {

/// Counts one finished dependency for a dependent.
void count(DependencyCounts& counts, DependencyClass kind, TaskState state) {
  SHEAF_CHECK(counts.open > 0, "a dependency finished twice");
  --counts.open;
  switch (kind) {
    case DependencyClass::kSucceeded:
      ++counts.succeeded;
      break;
    case DependencyClass::kExcluded:
      break;
    case DependencyClass::kFailed:
      ++counts.failed;
      if (state == TaskState::kCancelled || state == TaskState::kUpstreamCancelled) {
        ++counts.cancelled;
      }
      break;
  }
}

}  // namespace

DependencyClass classify(const LiveRun& run, TaskIndex task, EdgeOutcome edge) {
  switch (run.tasks.state[task]) {
    case TaskState::kSucceeded: {
      const bool matches =
          edge == EdgeOutcome::kAny || run.tasks.outcome[task] == static_cast<std::uint8_t>(edge);
      return matches ? DependencyClass::kSucceeded : DependencyClass::kExcluded;
    }
    case TaskState::kExcluded:
    case TaskState::kDisabled:
      return DependencyClass::kExcluded;
    case TaskState::kFailed:
    case TaskState::kTimedOut:
    case TaskState::kCancelled:
    case TaskState::kUpstreamFailed:
    case TaskState::kUpstreamCancelled:
    case TaskState::kInternalError:
      return DependencyClass::kFailed;
    case TaskState::kBlocked:
    case TaskState::kReady:
    case TaskState::kLeased:
    case TaskState::kRunning:
    case TaskState::kWaitingRetry:
    case TaskState::kStopping:
      break;
  }
  check_failed(__FILE__, __LINE__, "is_terminal", "an unfinished task was classified");
}

bool is_loss_expected(const LiveRun& run, TaskIndex task) {
  const TaskState state = run.tasks.state[task];
  return (state == TaskState::kLeased || state == TaskState::kStopping) &&
         run.tasks.deadline[task] != kNoTime;
}

void StateWriter::take_id(std::int64_t id) {
  state_.next_id = std::max(state_.next_id, id + 1);
}

LiveRun& StateWriter::add_run(RunRecord record, SettingsPointer settings) {
  auto run = std::make_unique<LiveRun>();
  const auto task_count = record.task_count;
  run->record = std::move(record);
  run->settings = std::move(settings);
  run->tasks.resize(task_count);
  for (TaskIndex task = 0; task < task_count; ++task) {
    run->tasks.attempt[task] = AttemptId{run->record.first_attempt.value + task};
  }
  LiveRun& added = *run;
  const auto [position, is_new] = state_.runs.emplace(added.record.id, std::move(run));
  SHEAF_CHECK(is_new, "a run id was given twice");
  index_run(added);
  return added;
}

void StateWriter::index_run(LiveRun& run) {
  const auto task_count = run.record.task_count;
  SHEAF_CHECK(run.settings != nullptr && run.settings->tasks.size() == task_count,
              "the run's settings are not those it was submitted with");
  run.graph = JobGraph(*run.settings);
  run.dirty_pages.assign((task_count + kTasksPerPage - 1) / kTasksPerPage, false);
  run.dependencies.assign(task_count, {});
  run.unfinished_tasks = 0;
  for (TaskIndex task = 0; task < task_count; ++task) {
    run.dependencies[task].open = run.graph.dependency_count(task);
  }
  for (TaskIndex task = 0; task < task_count; ++task) {
    const TaskState state = run.tasks.state[task];
    if (is_terminal(state)) {
      for (const Edge& edge : run.graph.dependents(task)) {
        count(run.dependencies[edge.target], classify(run, task, edge.outcome), state);
      }
    } else {
      ++run.unfinished_tasks;
    }
    if (is_active(state)) {
      bind_attempt(run, task);
    } else if (state == TaskState::kReady) {
      state_.ready.push_back({run.record.id, task});
    }
    if (run.tasks.deadline[task] != kNoTime && !planted::has("core.timer_lost_at_restart")) {
      state_.deadlines.insert({run.tasks.deadline[task], {run.record.id, task}});
    }
  }
  run.value_count = 0;
  for (const auto& [task, details] : run.details) {
    run.value_count += static_cast<std::uint32_t>(details.values.size() + details.staged.size());
  }
  if (run.record.deadline != kNoTime) {
    state_.deadlines.insert({run.record.deadline, {run.record.id, kRunItself}});
  }
  if (run.record.state == RunState::kRunning) {
    list_unblocked(run);
  } else if (run.record.state == RunState::kStopping) {
    list_stoppable(run);
  }
  if (run.unfinished_tasks == 0 && run.record.state != RunState::kQueued) {
    state_.unsettled.finished_runs.insert(run.record.id);
  }
  place_in_job(run);
}

void StateWriter::mark_dirty(LiveRun& run) {
  if (!run.is_dirty) {
    run.is_dirty = true;
    state_.dirty_runs.push_back(run.record.id);
  }
}

void StateWriter::mark_dirty(LiveRun& run, TaskIndex task) {
  mark_dirty(run);
  if (planted::has("core.row_not_marked") && run.tasks.state[task] == TaskState::kRunning) {
    return;
  }
  run.dirty_pages[task / kTasksPerPage] = true;
}

void StateWriter::set_deadline(LiveRun& run, TaskIndex task, Timestamp at) {
  Timestamp& deadline = run.tasks.deadline[task];
  if (deadline != kNoTime) {
    state_.deadlines.erase({deadline, {run.record.id, task}});
  }
  deadline = at;
  if (at != kNoTime) {
    state_.deadlines.insert({at, {run.record.id, task}});
  }
}

void StateWriter::set_run_deadline(LiveRun& run, Timestamp at) {
  if (run.record.deadline != kNoTime) {
    state_.deadlines.erase({run.record.deadline, {run.record.id, kRunItself}});
  }
  run.record.deadline = at;
  if (at != kNoTime) {
    state_.deadlines.insert({at, {run.record.id, kRunItself}});
  }
}

void StateWriter::list_unblocked(const LiveRun& run) {
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    if (run.tasks.state[task] == TaskState::kBlocked && run.dependencies[task].open == 0) {
      state_.unsettled.unblocked.push_back({run.record.id, task});
    }
  }
}

void StateWriter::list_stoppable(const LiveRun& run) {
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    if (!is_terminal(run.tasks.state[task]) && !is_active(run.tasks.state[task])) {
      state_.unsettled.stoppable.push_back({run.record.id, task});
    }
  }
}

void StateWriter::bind_attempt(LiveRun& run, TaskIndex task) {
  const AttemptId attempt = run.tasks.attempt[task];
  state_.attempts[attempt] = {run.record.id, task};
  const auto worker = state_.workers.find(run.tasks.worker[task]);
  SHEAF_CHECK(worker != state_.workers.end(), "an attempt is on a worker that nobody knows");
  worker->second.attempts.insert(attempt);
}

void StateWriter::release_attempt(LiveRun& run, TaskIndex task) {
  const AttemptId attempt = run.tasks.attempt[task];
  state_.attempts.erase(attempt);
  const auto worker = state_.workers.find(run.tasks.worker[task]);
  if (worker != state_.workers.end() && !planted::has("core.slots_not_derived")) {
    worker->second.attempts.erase(attempt);
  }
}

void StateWriter::finish_task(LiveRun& run, TaskIndex task) {
  SHEAF_CHECK(run.unfinished_tasks > 0, "more tasks finished than there are");
  const TaskState state = run.tasks.state[task];
  for (const Edge& edge : run.graph.dependents(task)) {
    count(run.dependencies[edge.target], classify(run, task, edge.outcome), state);
    const std::uint32_t left = planted::has("core.dependency_ignored") ? 1 : 0;
    if (run.dependencies[edge.target].open <= left &&
        run.tasks.state[edge.target] == TaskState::kBlocked) {
      state_.unsettled.unblocked.push_back({run.record.id, edge.target});
    }
  }
  if (--run.unfinished_tasks == 0) {
    state_.unsettled.finished_runs.insert(run.record.id);
  }
}

void StateWriter::place_in_job(const LiveRun& run) {
  const RunId id = run.record.id;
  const bool is_new = !state_.jobs.contains(run.record.job);
  JobActivity& job = state_.jobs[run.record.job];
  if (is_new) {
    job.max_concurrent_runs = run.settings->max_concurrent_runs;
  }
  if (run.record.state == RunState::kQueued) {
    job.queued.push_back(id);
  } else {
    if (!job.queued.empty()) {
      std::erase(job.queued, id);
    }
    if (is_terminal(run.record.state)) {
      job.running.erase(id);
    } else {
      job.running.insert(id);
    }
  }
  refresh_startable(run.record.job);
}

void StateWriter::refresh_startable(JobId job) {
  const auto found = state_.jobs.find(job);
  if (found == state_.jobs.end()) {
    return;
  }
  const JobActivity& activity = found->second;
  const bool has_place =
      planted::has("core.queue_overrun") ||
      static_cast<std::int64_t>(activity.running.size()) < activity.max_concurrent_runs;
  if (!activity.queued.empty() && has_place) {
    state_.unsettled.startable_jobs.insert(job);
  } else {
    state_.unsettled.startable_jobs.erase(job);
  }
  if (activity.queued.empty() && activity.running.empty()) {
    state_.jobs.erase(found);
  }
}

}  // namespace sheaf::core
