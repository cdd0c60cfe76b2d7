// The reference model: how tasks and runs must end, written as the documentation of jobs says it,
// from scratch each time, on sets and without counters. Shares no code with scheduler/core.
//
// A new kind of task gets its rule in Oracle::judge_execution().
#pragma once

#include <map>
#include <optional>
#include <string>

#include "scheduler/core/records.h"
#include "scheduler/store/reader.h"

namespace sheaf::sim {

/// A task that is over, as its dependents see it.
struct EndedTask {
  model::TaskState state = model::TaskState::kSucceeded;
  std::optional<bool> outcome;  ///< Of a condition task.
};

enum class Verdict { kRun, kExcluded, kUpstreamFailed, kUpstreamCancelled };

/// What becomes of a task whose dependencies ended as given (jobs documentation, run_if).
[[nodiscard]] Verdict judge(const model::TaskSettings& task,
                            const std::map<std::string, EndedTask>& upstream);

/// Holds a finished run against its settings; Violation where it ended otherwise than it must.
void check_finished_run(const store::RunView& run, const model::JobSettings& settings);

}  // namespace sheaf::sim
