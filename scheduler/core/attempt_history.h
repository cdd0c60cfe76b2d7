// The finished attempts of a task. A plain success (exit 0, its tree gone, nothing to tell) is told
// by the task's row alone, so that a million of them cost no more than their rows.
#pragma once

#include <optional>
#include <vector>

#include "scheduler/core/records.h"

namespace sheaf::core {

/// Whether the row of the task can say all that is known of the attempt.
[[nodiscard]] bool is_plain_success(const AttemptRecord& attempt);

/// The attempt that only the row tells; nullopt where there is none. `details` may be null.
[[nodiscard]] std::optional<AttemptRecord> plain_success(const RunRecord& run,
                                                         const TaskRow& row,
                                                         const TaskDetails* details);

/// Every finished attempt of the task, oldest first. `details` may be null.
[[nodiscard]] std::vector<AttemptRecord> finished_attempts(const RunRecord& run,
                                                           const TaskRow& row,
                                                           const TaskDetails* details);

/// How many repairs the run had seen when it drew the id of `attempt`; 0 is the original pass.
[[nodiscard]] std::uint32_t pass_of(const RunRecord& run, AttemptId attempt);

}  // namespace sheaf::core
