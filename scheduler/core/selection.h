// Which tasks of a job a run was asked to run: "train", "+train" (with all that it depends on),
// "train+" (with all that depends on it), "+train+". Internal to scheduler/core.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/job_graph.h"

namespace sheaf::core {

/// Why the selection names no tasks of the job, or nothing.
[[nodiscard]] std::optional<std::string> find_selection_fault(const model::JobSettings& settings,
                                                              const std::vector<std::string>& only);

/// The tasks that a selection leaves out; empty: none. What names no task is passed over: a repair
/// may run settings that no longer have it.
[[nodiscard]] std::vector<bool> find_unselected(const JobGraph& graph,
                                                const std::vector<std::string>& only);

}  // namespace sheaf::core
