#include "scheduler/core/state_writer.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/planted.h"
#include "scheduler/core/streams.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
void count_dependency(DependencyCounts& counts, DependencyClass kind, TaskState state) {
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

std::size_t page_count(std::uint32_t rows) {
  return (std::size_t{rows} + kTasksPerPage - 1) / kTasksPerPage;
}

DependencyClass classify(const LiveRun& run, TaskIndex task, EdgeOutcome edge) {
  if (!run.is_iteration(task) && !run.is_selected(task)) {
    return DependencyClass::kSucceeded;  // What was left out stands in nobody's way.
  }
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
    case TaskState::kDelegated:
    case TaskState::kStreaming:
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
  run->record = std::move(record);
  run->settings = std::move(settings);
  run->compile();
  run->tasks.resize(run->record.task_count);
  for (TaskIndex task = 0; task < run->record.task_count; ++task) {
    run->tasks.attempt[task] = AttemptId{run->record.first_attempt.value + task};
  }
  LiveRun& added = *run;
  const auto [position, is_new] = state_.runs.emplace(added.record.id, std::move(run));
  SHEAF_CHECK(is_new, "a run id was given twice");
  index_run(added);
  return added;
}

LiveRun& StateWriter::add_stored(StoredRun stored) {
  SHEAF_CHECK(stored.inputs.size() == stored.record.blocks.size(), "a block has no inputs");
  auto run = std::make_unique<LiveRun>(from_stored(std::move(stored)));
  LiveRun& added = *run;
  const auto [position, is_new] = state_.runs.emplace(added.record.id, std::move(run));
  SHEAF_CHECK(is_new, "a run id was given twice");
  index_run(added);
  return added;
}

void StateWriter::add_block(LiveRun& run, const IterationBlock& block, InputsPointer inputs) {
  SHEAF_CHECK(block.first == run.record.task_count, "a block begins behind the last row");
  run.record.blocks.push_back(block);
  run.record.task_count += block.count;
  run.tasks.resize(run.record.task_count);
  for (std::uint32_t i = 0; i < block.count; ++i) {
    run.tasks.attempt[block.first + i] = AttemptId{block.first_attempt.value + i};
  }
  run.blocks.push_back({.inputs = std::move(inputs),
                        .unfinished = block.count,
                        .is_stream = is_stream_task(run.settings->tasks[block.parent])});
  run.dirty_pages.resize(page_count(run.record.task_count), true);
  run.dirty_pages[block.first / kTasksPerPage] = true;
  state_.unsettled.wanting_facts.erase({run.record.id, block.parent});
  state_.unsettled.blocks.insert(
      {run.record.id, static_cast<std::uint32_t>(run.blocks.size() - 1)});
}

void StateWriter::begin_iteration(LiveRun& run, TaskIndex task) {
  const std::uint32_t block = run.block_of(task);
  ++run.blocks[block].active;
  run.blocks[block].returned.erase(task - run.record.blocks[block].first);
  pass_begun(run, block);
}

void StateWriter::finish_iteration(LiveRun& run, TaskIndex task, TaskState before) {
  const std::uint32_t block = run.block_of(task);
  LiveBlock& live = run.blocks[block];
  SHEAF_CHECK(live.unfinished > 0, "more iterations finished than there are");
  --live.unfinished;
  live.active -= takes_place(live, before) ? 1 : 0;
  live.returned.erase(task - run.record.blocks[block].first);
  live.failed += classify(run, task, EdgeOutcome::kAny) == DependencyClass::kFailed ? 1 : 0;
  pass_begun(run, block);
  state_.unsettled.blocks.insert({run.record.id, block});
}

void StateWriter::abandon_block(LiveRun& run, std::uint32_t block, TaskState state, Timestamp at) {
  const IterationBlock record = run.record.blocks[block];
  run.blocks[block].is_abandoned = true;
  for (TaskIndex task = record.first; task < record.first + record.count; ++task) {
    const TaskState before = run.tasks.state[task];
    if (before != TaskState::kBlocked && before != TaskState::kReady &&
        before != TaskState::kWaitingRetry) {
      continue;
    }
    run.tasks.state[task] = state;
    run.tasks.ended[task] = at;
    set_deadline(run, task, kNoTime);
    if (before == TaskState::kReady) {
      state_.ready.note_stale([this](const TaskRef& what) { return is_waiting(state_, what); });
    }
    finish_iteration(run, task, before);
    mark_dirty(run, task);
  }
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

void StateWriter::mark_whole(LiveRun& run) {
  mark_dirty(run);
  run.dirty_pages.assign(run.dirty_pages.size(), true);
}

void StateWriter::tell_parent(const LiveRun& run) {
  const TaskRef parent = run.record.trigger.parent;
  const LiveRun* waiting = parent.run.is_valid() ? state_.find_run(parent.run) : nullptr;
  // A repair of the parent may have left it with fewer rows.
  if (waiting == nullptr || parent.task >= waiting->record.task_count ||
      waiting->tasks.state[parent.task] != TaskState::kDelegated) {
    return;
  }
  const auto details = waiting->details.find(parent.task);
  if (details != waiting->details.end() && details->second.child == run.record.id) {
    state_.unsettled.ended_children[parent] = {
        .run = run.record.id, .state = run.record.state, .message = run.record.message};
  }
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
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    if (run.tasks.state[task] == TaskState::kBlocked && run.dependencies[task].open == 0) {
      state_.unsettled.unblocked.push_back({run.record.id, task});
    }
  }
}

void StateWriter::list_stoppable(const LiveRun& run) {
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    const TaskState state = run.tasks.state[task];
    if (!is_terminal(state) && !is_active(state) && state != TaskState::kDelegated) {
      state_.unsettled.stoppable.push_back({run.record.id, task});
    }
  }
  list_blocks(run);
}

void StateWriter::list_blocks(const LiveRun& run) {
  for (std::uint32_t block = 0; block < run.blocks.size(); ++block) {
    state_.unsettled.blocks.insert({run.record.id, block});
  }
}

void StateWriter::bind_attempt(LiveRun& run, TaskIndex task) {
  const AttemptId attempt = run.tasks.attempt[task];
  state_.attempts[attempt] = {run.record.id, task};
  const auto worker = state_.workers.find(run.tasks.worker[task]);
  SHEAF_CHECK(worker != state_.workers.end(), "an attempt is on a worker that nobody knows");
  worker->second.attempts.insert(attempt);
  occupy(state_, worker->second, run, task);
}

void StateWriter::release_attempt(LiveRun& run, TaskIndex task) {
  if (!is_active(run.tasks.state[task])) {
    return;
  }
  const AttemptId attempt = run.tasks.attempt[task];
  state_.attempts.erase(attempt);
  const auto worker = state_.workers.find(run.tasks.worker[task]);
  SHEAF_CHECK(worker != state_.workers.end(), "an attempt is on a worker that nobody knows");
  if (planted::has("core.slots_not_derived")) {
    return;
  }
  worker->second.attempts.erase(attempt);
  vacate(state_, worker->second, run, task);
  if (const auto details = run.details.find(task); details != run.details.end()) {
    details->second.gpus.clear();
  }
}

void StateWriter::finish_task(LiveRun& run, TaskIndex task, TaskState before) {
  state_.unsettled.wanting_facts.erase({run.record.id, task});
  if (run.is_iteration(task)) {
    finish_iteration(run, task, before);
    return;
  }
  SHEAF_CHECK(run.unfinished_tasks > 0, "more tasks finished than there are");
  const TaskState state = run.tasks.state[task];
  for (const Edge& edge : run.graph.dependents(task)) {
    count_dependency(run.dependencies[edge.target], classify(run, task, edge.outcome), state);
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
    // A one-time run has a job that nobody stores.
    job.max_concurrent_runs = run.record.type == RunType::kSubmitted
                                  ? kMaxConcurrentRunsOfGoneJobs
                                  : run.settings->max_concurrent_runs;
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
