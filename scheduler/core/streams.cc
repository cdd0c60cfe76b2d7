#include "scheduler/core/streams.h"

#include <algorithm>

#include "common/base/limits.h"

namespace sheaf::core {
namespace {

/// Of an input in a lease, beside its text.
constexpr std::size_t kInputOverheadBytes = 16;

const model::ForEachTask& loop_of(const LiveRun& run, std::uint32_t block) {
  return std::get<model::ForEachTask>(run.settings->tasks[run.record.blocks[block].parent].action);
}

std::uint32_t chunk_size(const LiveRun& run, std::uint32_t block) {
  const model::ForEachTask& loop = loop_of(run, block);
  const auto places = static_cast<std::uint32_t>(loop.concurrency);
  const std::uint32_t share = (run.record.blocks[block].count + places - 1) / places;
  return std::min(share, static_cast<std::uint32_t>(loop.chunk));
}

}  // namespace

std::uint32_t row_count(const std::vector<TaskRange>& ranges) {
  std::uint32_t count = 0;
  for (const TaskRange& range : ranges) {
    count += range.count;
  }
  return count;
}

bool is_stream_task(const model::TaskSettings& settings) {
  const auto* loop = std::get_if<model::ForEachTask>(&settings.action);
  return loop != nullptr && loop->mode == model::ForEachMode::kStream;
}

bool is_stream(const LiveRun& run, TaskIndex task) {
  return run.is_iteration(task) && run.blocks[run.block_of(task)].is_stream;
}

bool takes_place(const LiveBlock& block, TaskState state) {
  if (block.is_stream) {
    return state == TaskState::kReady || is_active(state);
  }
  return state != TaskState::kBlocked && !is_terminal(state);
}

void append_row(std::vector<TaskRange>& ranges, TaskIndex row) {
  if (!ranges.empty() && ranges.back().first + ranges.back().count == row) {
    ++ranges.back().count;
  } else {
    ranges.push_back({.first = row, .count = 1});
  }
}

std::vector<TaskRange> streamed_rows(const LiveRun& run, TaskIndex holder) {
  std::vector<TaskRange> rows;
  const LiveBlock& block = run.blocks[run.block_of(holder)];
  const auto found = block.streams.find(holder);
  if (found == block.streams.end()) {
    return rows;
  }
  for_each_row(found->second, [&](TaskIndex row) {
    if (run.tasks.state[row] == TaskState::kStreaming &&
        run.tasks.attempt[row] == run.tasks.attempt[holder]) {
      append_row(rows, row);
    }
  });
  return rows;
}

WaitingRows::WaitingRows(const LiveRun& run, std::uint32_t block)
    : run_(run),
      block_(block),
      returned_(run.blocks[block].returned.begin()),
      next_(run.blocks[block].next) {}

std::optional<TaskIndex> WaitingRows::peek() {
  const IterationBlock& record = run_.record.blocks[block_];
  if (returned_ != run_.blocks[block_].returned.end()) {
    return record.first + *returned_;
  }
  while (next_ < record.count && run_.tasks.state[record.first + next_] != TaskState::kBlocked) {
    ++next_;
  }
  return next_ < record.count ? std::optional(record.first + next_) : std::nullopt;
}

void WaitingRows::pop() {
  if (returned_ != run_.blocks[block_].returned.end()) {
    ++returned_;
  } else {
    ++next_;
  }
}

std::vector<TaskRange> take_chunk(const LiveRun& run, TaskIndex holder, WaitingRows& waiting) {
  std::vector<TaskRange> rows;
  const std::uint32_t size = chunk_size(run, run.block_of(holder));
  std::size_t bytes = run.input_of(holder).size() + kInputOverheadBytes;
  for (std::uint32_t taken = 1; taken < size; ++taken) {
    const auto row = waiting.peek();
    if (!row) {
      break;
    }
    bytes += run.input_of(*row).size() + kInputOverheadBytes;
    if (bytes > limits::kMaxStreamLeaseBytes) {
      break;
    }
    append_row(rows, *row);
    waiting.pop();
  }
  return rows;
}

std::vector<model::StreamInput> stream_inputs(const LiveRun& run,
                                              TaskIndex holder,
                                              const std::vector<TaskRange>& others) {
  const TaskIndex first = run.record.blocks[run.block_of(holder)].first;
  std::vector<model::StreamInput> inputs;
  inputs.reserve(row_count(others) + 1);
  const auto add = [&](TaskIndex row) {
    inputs.push_back({.index = row - first, .json = std::string(run.input_of(row))});
  };
  add(holder);
  for_each_row(others, add);
  std::ranges::sort(inputs, {}, &model::StreamInput::index);
  return inputs;
}

}  // namespace sheaf::core
