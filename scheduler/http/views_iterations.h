// What views tell of for-each tasks and of repairs. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "scheduler/core/records.h"
#include "scheduler/store/reader.h"

namespace sheaf::http {

/// The block that an iteration's row belongs to. REQUIRES: the row is one.
[[nodiscard]] const core::IterationBlock& block_of(const core::RunRecord& run, core::TaskIndex row);

/// The iterations of a for-each task; nullptr while it has none.
[[nodiscard]] const core::IterationBlock* find_block(const core::RunRecord& run,
                                                     core::TaskIndex parent);

struct IterationCounts {
  std::int64_t waiting = 0;
  std::int64_t active = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
};
[[nodiscard]] IterationCounts count_iterations(const store::RunView& run,
                                               const core::IterationBlock& block);

/// Adds `stats` to the for_each_task of a task's view.
void add_iteration_statistics(boost::json::object& task,
                              const store::RunView& run,
                              core::TaskIndex parent);

/// The passes of a run that was repaired, as `repair_history` lists them.
[[nodiscard]] boost::json::array repair_history(const core::RunRecord& run);

/// The message of a row; empty when it has none.
[[nodiscard]] std::string_view message_of(const store::RunView& run, core::TaskIndex task);

/// The same, but that iterations which a timeout ended before they were on a worker say so: their
/// rows have no text of their own, since there may be a million of them.
[[nodiscard]] std::string_view end_message(const store::RunView& run, core::TaskIndex task);

}  // namespace sheaf::http
