// Which rows of a for-each task in mode stream a process works through, and which wait for one.
// Internal to scheduler/core; see stream_events.h.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "scheduler/core/state.h"

namespace sheaf::core {

/// Whether the row is an iteration of a for-each task in mode stream.
[[nodiscard]] bool is_stream(const LiveRun& run, TaskIndex task);

/// Whether it is a for-each task in mode stream.
[[nodiscard]] bool is_stream_task(const model::TaskSettings& settings);

/// Whether an iteration in `state` counts against its block's concurrency.
[[nodiscard]] bool takes_place(const LiveBlock& block, TaskState state);

/// Adds a row behind all that are there. REQUIRES: it is greater than each of them.
void append_row(std::vector<TaskRange>& ranges, TaskIndex row);

/// Calls `visit` with every row, in order.
template <typename Visit>
void for_each_row(const std::vector<TaskRange>& ranges, const Visit& visit) {
  for (const TaskRange& range : ranges) {
    for (TaskIndex row = range.first; row < range.first + range.count; ++row) {
      visit(row);
    }
  }
}

/// The rows beside `holder` that its process has not ended yet, ascending.
[[nodiscard]] std::vector<TaskRange> streamed_rows(const LiveRun& run, TaskIndex holder);

/// The iterations of a block that wait for a process, lowest first, each once.
class WaitingRows {
 public:
  WaitingRows(const LiveRun& run, std::uint32_t block);
  /// The next of them; the cursor stays.
  [[nodiscard]] std::optional<TaskIndex> peek();
  void pop();

 private:
  const LiveRun& run_;
  std::uint32_t block_;
  std::set<std::uint32_t>::const_iterator returned_;
  std::uint32_t next_ = 0;
};

/// Takes what the process of `holder` gets beside it: no more than a chunk, than an equal share of
/// all, and than a lease may carry.
[[nodiscard]] std::vector<TaskRange> take_chunk(const LiveRun& run,
                                                TaskIndex holder,
                                                WaitingRows& waiting);

/// The inputs of `holder` and `others`, by rising index.
[[nodiscard]] std::vector<model::StreamInput> stream_inputs(const LiveRun& run,
                                                            TaskIndex holder,
                                                            const std::vector<TaskRange>& others);

}  // namespace sheaf::core
