#include "scheduler/core/state.h"

#include <algorithm>

#include "common/base/check.h"
#include "scheduler/core/selection.h"

namespace sheaf::core {

void TaskColumns::resize(std::uint32_t task_count) {
  const auto grow = [task_count](auto&... columns) {
    // No spare room: a run grows once for each of its for-each tasks.
    (columns.reserve(task_count), ...);
    (columns.resize(task_count), ...);
  };
  grow(state,
       outcome,
       lost_attempts,
       stop_reason,
       attempt_number,
       attempt,
       worker,
       fence,
       started,
       ended,
       deadline,
       stdout_bytes,
       stderr_bytes);
}

TaskRow TaskColumns::row(TaskIndex task) const {
  return TaskRow{.state = state[task],
                 .outcome = outcome[task],
                 .lost_attempts = lost_attempts[task],
                 .stop_reason = stop_reason[task],
                 .attempt_number = attempt_number[task],
                 .attempt = attempt[task],
                 .worker = worker[task],
                 .fence = fence[task],
                 .started = started[task],
                 .ended = ended[task],
                 .deadline = deadline[task],
                 .stdout_bytes = stdout_bytes[task],
                 .stderr_bytes = stderr_bytes[task]};
}

void TaskColumns::set_row(TaskIndex task, const TaskRow& row) {
  state[task] = row.state;
  outcome[task] = row.outcome;
  lost_attempts[task] = row.lost_attempts;
  stop_reason[task] = row.stop_reason;
  attempt_number[task] = row.attempt_number;
  attempt[task] = row.attempt;
  worker[task] = row.worker;
  fence[task] = row.fence;
  started[task] = row.started;
  ended[task] = row.ended;
  deadline[task] = row.deadline;
  stdout_bytes[task] = row.stdout_bytes;
  stderr_bytes[task] = row.stderr_bytes;
}

void LiveRun::compile() {
  SHEAF_CHECK(settings != nullptr && settings->tasks.size() == record.graph_size,
              "the run's settings are not those that its record names");
  graph = JobGraph(*settings);
  kinds = TaskKinds(*settings);
  unselected = find_unselected(graph, record.only);
}

std::uint32_t LiveRun::block_of(TaskIndex task) const {
  const auto after = std::ranges::upper_bound(record.blocks, task, {}, &IterationBlock::first);
  SHEAF_CHECK(after != record.blocks.begin(), "the row is no iteration");
  return static_cast<std::uint32_t>(after - record.blocks.begin() - 1);
}

std::optional<std::uint32_t> LiveRun::find_block(TaskIndex parent) const {
  const auto found = std::ranges::find(record.blocks, parent, &IterationBlock::parent);
  if (found == record.blocks.end()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(found - record.blocks.begin());
}

const model::TaskSettings& LiveRun::task_settings(TaskIndex task) const {
  if (!is_iteration(task)) {
    return settings->tasks[task];
  }
  const model::TaskSettings& parent = settings->tasks[record.blocks[block_of(task)].parent];
  return std::get<model::ForEachTask>(parent.action).task.front();
}

const TaskKind& LiveRun::kind_of(TaskIndex task) const {
  return kinds.of(is_iteration(task) ? record.blocks[block_of(task)].parent : task);
}

std::string_view LiveRun::input_of(TaskIndex task) const {
  const std::uint32_t block = block_of(task);
  return blocks[block].inputs->at(task - record.blocks[block].first);
}

LiveRun* State::find_run(RunId run) {
  const auto found = runs.find(run);
  return found == runs.end() ? nullptr : found->second.get();
}

const LiveRun* State::find_run(RunId run) const {
  const auto found = runs.find(run);
  return found == runs.end() ? nullptr : found->second.get();
}

}  // namespace sheaf::core
