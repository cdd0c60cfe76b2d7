// The derived parts of a run, built from its rows: at submission, repair and recovery.
#include "common/base/check.h"
#include "common/base/planted.h"
#include "scheduler/core/state_writer.h"
#include "scheduler/core/streams.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {

void StateWriter::index_run(LiveRun& run) {
  run.dirty_pages.assign(page_count(run.record.task_count), false);
  index_graph(run);
  index_rows(run);
  for (std::uint32_t block = 0; block < run.blocks.size(); ++block) {
    index_block(run, block);
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
    list_blocks(run);
  } else if (run.record.state == RunState::kStopping) {
    list_stoppable(run);
  }
  if (run.unfinished_tasks == 0 && run.record.state != RunState::kQueued) {
    state_.unsettled.finished_runs.insert(run.record.id);
  }
  place_in_job(run);
}

void StateWriter::index_graph(LiveRun& run) {
  run.dependencies.assign(run.record.graph_size, {});
  run.unfinished_tasks = 0;
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    run.dependencies[task].open = run.graph.dependency_count(task);
  }
  for (TaskIndex task = 0; task < run.record.graph_size; ++task) {
    const TaskState state = run.tasks.state[task];
    if (!is_terminal(state)) {
      ++run.unfinished_tasks;
      continue;
    }
    for (const Edge& edge : run.graph.dependents(task)) {
      count_dependency(run.dependencies[edge.target], classify(run, task, edge.outcome), state);
    }
  }
}

void StateWriter::index_rows(LiveRun& run) {
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    const TaskRef here{run.record.id, task};
    const TaskState state = run.tasks.state[task];
    if (is_active(state)) {
      bind_attempt(run, task);
    } else if (state == TaskState::kReady) {
      state_.ready.push(shape_of(run, task), here);
    } else if (state == TaskState::kDelegated && !run.find_block(task) &&
               (!run.details[task].child.is_valid() || planted::has("core.child_started_twice"))) {
      state_.unsettled.wanting_facts.insert(here);
    }
    if (run.tasks.deadline[task] != kNoTime && !planted::has("core.timer_lost_at_restart")) {
      state_.deadlines.insert({run.tasks.deadline[task], here});
    }
  }
}

void StateWriter::index_block(LiveRun& run, std::uint32_t block) {
  const IterationBlock& record = run.record.blocks[block];
  LiveBlock& live = run.blocks[block];
  live = {.inputs = live.inputs, .is_stream = is_stream_task(run.settings->tasks[record.parent])};
  for (std::uint32_t i = 0; i < record.count; ++i) {
    const TaskIndex task = record.first + i;
    const TaskState state = run.tasks.state[task];
    if (is_terminal(state)) {
      live.failed += classify(run, task, EdgeOutcome::kAny) == DependencyClass::kFailed ? 1 : 0;
      continue;
    }
    ++live.unfinished;
    live.active += takes_place(live, state) ? 1 : 0;
  }
  pass_begun(run, block);
  if (live.is_stream) {
    index_streams(run, block);
  }
}

void StateWriter::pass_begun(LiveRun& run, std::uint32_t block) {
  const IterationBlock& record = run.record.blocks[block];
  std::uint32_t& next = run.blocks[block].next;
  while (next < record.count && run.tasks.state[record.first + next] != TaskState::kBlocked) {
    ++next;
  }
}

}  // namespace sheaf::core
