// The reference model: how tasks and runs must end, written as the documentation of jobs says it,
// from scratch each time, on sets and without counters. Shares no code with scheduler/core.
//
// A new kind of task gets its rule in Oracle::judge_execution().
#pragma once

#include <map>
#include <optional>
#include <string>

#include "tests/sim/run_fact.h"

namespace sheaf::sim {

/// A task that is over, as its dependents see it.
struct EndedTask {
  model::TaskState state = model::TaskState::kSucceeded;
  std::optional<bool> outcome;  ///< Of a condition task.
  bool is_left_out = false;     ///< By the run's selection.
};

/// The task of the run, as its dependents see it.
[[nodiscard]] EndedTask ended_task(const RunFact& run, const std::string& task_key);

enum class Verdict { kRun, kExcluded, kUpstreamFailed, kUpstreamCancelled };

/// What becomes of a task whose dependencies ended as given (jobs documentation, run_if).
[[nodiscard]] Verdict judge(const model::TaskSettings& task,
                            const std::map<std::string, EndedTask>& upstream);

/// Holds a run that is over (`fact.finished`) against its settings; Violation where it ended
/// otherwise than it must.
void check_finished_run(const RunFact& fact);

}  // namespace sheaf::sim
