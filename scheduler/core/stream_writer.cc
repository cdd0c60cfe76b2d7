// How State changes with streams.
#include <algorithm>

#include "common/base/check.h"
#include "scheduler/core/state_writer.h"
#include "scheduler/core/streams.h"

namespace sheaf::core {
namespace {

void keep_log_lengths(TaskColumns& rows, TaskIndex row, const StreamEnded& event) {
  if (rows.attempt[row] == rows.attempt[event.holder]) {
    rows.stdout_bytes[row] = event.stdout_bytes;
    rows.stderr_bytes[row] = event.stderr_bytes;
  }
}

TaskIndex holder_of(const State& state, const LiveRun& run, TaskIndex row) {
  const auto holder = state.attempts.find(run.tasks.attempt[row]);
  SHEAF_CHECK(holder != state.attempts.end() && holder->second.run == run.record.id,
              "an iteration is in a stream that nobody runs");
  return holder->second.task;
}

}  // namespace

void StateWriter::begin_stream(LiveRun& run,
                               TaskIndex holder,
                               const std::vector<TaskRange>& others) {
  if (others.empty()) {
    return;
  }
  const std::uint32_t block = run.block_of(holder);
  LiveBlock& live = run.blocks[block];
  live.streams[holder] = others;
  for_each_row(others, [&](TaskIndex row) {
    run.tasks.state[row] = TaskState::kStreaming;
    run.tasks.attempt[row] = run.tasks.attempt[holder];
    run.tasks.worker[row] = run.tasks.worker[holder];
    run.tasks.fence[row] = run.tasks.fence[holder];
    run.tasks.started[row] = kNoTime;
    live.returned.erase(row - run.record.blocks[block].first);
    mark_dirty(run, row);
  });
  pass_begun(run, block);
}

void StateWriter::start_stream(LiveRun& run, TaskIndex holder) {
  if (!is_stream(run, holder)) {
    return;
  }
  for_each_row(streamed_rows(run, holder), [&](TaskIndex row) {
    run.tasks.started[row] = run.tasks.started[holder];
    mark_dirty(run, row);
  });
}

void StateWriter::report_stream(LiveRun& run, const StreamReported& event) {
  run.tasks.outcome[event.holder] = event.mark;
  if (!event.holder_error.empty()) {
    run.details[event.holder].message = event.holder_error;
  }
  mark_dirty(run, event.holder);
  for_each_row(event.succeeded, [&](TaskIndex row) {
    run.tasks.state[row] = TaskState::kSucceeded;
    run.tasks.ended[row] = event.at;
    finish_iteration(run, row, TaskState::kStreaming);
    mark_dirty(run, row);
  });
}

void StateWriter::end_stream(LiveRun& run, const StreamEnded& event) {
  const TaskIndex holder = event.holder;
  const std::uint32_t block = run.block_of(holder);
  keep_log_lengths(run.tasks, holder, event);
  const auto others = run.blocks[block].streams.find(holder);
  if (others != run.blocks[block].streams.end()) {
    for_each_row(others->second, [&](TaskIndex row) {
      keep_log_lengths(run.tasks, row, event);
      mark_dirty(run, row);
    });
  }
  release_attempt(run, holder);
  set_deadline(run, holder, kNoTime);
  forget_stream(run, holder);
  run.tasks.state[holder] = TaskState::kStreaming;
  run.tasks.outcome[holder] = 0;
  if (const auto details = run.details.find(holder); details != run.details.end()) {
    details->second.message.clear();
  }
  --run.blocks[block].active;
  state_.unsettled.blocks.insert({run.record.id, block});
  mark_dirty(run, holder);
}

void StateWriter::forget_stream(LiveRun& run, TaskIndex holder) {
  if (is_stream(run, holder)) {
    run.blocks[run.block_of(holder)].streams.erase(holder);
  }
}

void StateWriter::return_iterations(LiveRun& run, const IterationsReturned& event) {
  std::int64_t attempt = event.first_attempt.value;
  for_each_row(event.rows, [&](TaskIndex row) {
    const std::uint32_t block = run.block_of(row);
    const std::uint32_t index = row - run.record.blocks[block].first;
    run.tasks.state[row] = TaskState::kBlocked;
    run.tasks.worker[row] = {};
    run.tasks.started[row] = kNoTime;
    run.tasks.stop_reason[row] = StopReason::kNone;
    run.tasks.stdout_bytes[row] = 0;
    run.tasks.stderr_bytes[row] = 0;
    set_deadline(run, row, kNoTime);
    if (event.first_attempt.is_valid()) {
      run.tasks.attempt[row] = AttemptId{attempt};
      take_id(attempt++);
    }
    if (index < run.blocks[block].next) {
      run.blocks[block].returned.insert(index);
    }
    state_.unsettled.blocks.insert({run.record.id, block});
    mark_dirty(run, row);
  });
}

void StateWriter::index_streams(LiveRun& run, std::uint32_t block) {
  const IterationBlock& record = run.record.blocks[block];
  for (TaskIndex row = record.first; row < record.first + record.count; ++row) {
    if (run.tasks.state[row] == TaskState::kStreaming) {
      append_row(run.blocks[block].streams[holder_of(state_, run, row)], row);
    }
  }
}

}  // namespace sheaf::core
