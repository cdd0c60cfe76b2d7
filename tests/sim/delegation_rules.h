// The part of the reference model that speaks of tasks whose work is done elsewhere: by iterations,
// or by a run that they start. Written as the documentation of jobs says it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/run_fact.h"

namespace sheaf::sim {

/// A for-each task that is over and was due.
struct EndedLoop {
  const core::TaskRow& row;
  bool has_list = false;  ///< Its inputs are a list.
  bool has_iterations = false;
  std::size_t input_count = 0;
  std::vector<model::TaskState> iterations;
  model::StopReason run_stop = model::StopReason::kNone;
};

/// How the task's end breaks the rules; nullopt: it does not.
[[nodiscard]] std::optional<std::string> find_loop_fault(const EndedLoop& loop);

/// A run-job task that is over and was due.
struct EndedRunJob {
  const model::TaskSettings& settings;
  const core::TaskRow& row;
  const TaskFact& fact;
  bool may_be_stopped = false;
};

[[nodiscard]] std::optional<std::string> find_run_job_fault(const EndedRunJob& task);

/// The value of a job parameter; nullopt: there is none.
[[nodiscard]] std::optional<std::string> find_parameter(const model::NamedStrings& parameters,
                                                        const std::string& name);

}  // namespace sheaf::sim
