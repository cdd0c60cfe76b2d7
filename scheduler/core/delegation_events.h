// Events of tasks that are done by iterations or runs, and of whole runs after their end. As
// event.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/boxed.h"
#include "scheduler/core/command.h"
#include "scheduler/core/iteration_inputs.h"
#include "scheduler/core/records.h"

namespace sheaf::core {

/// The task's work goes on elsewhere: in iterations of it, or in a run that it starts. It holds no
/// slot.
struct TaskDelegated {
  RunId run;
  TaskIndex task = 0;
  Timestamp at;
  Timestamp deadline;  ///< kNoTime: no timeout.
};

/// The iterations of a for-each task exist, all blocked.
struct IterationsPlanned {
  RunId run;
  IterationBlock block;
  InputsPointer inputs;  ///< Stored as a row of its own, not with the event.
};

/// A run-job task has started `child`.
struct ChildRunStarted {
  RunId run;
  TaskIndex task = 0;
  RunId child;
};

/// Nothing more of the delegated task starts; what runs for it is being stopped.
struct DelegationStopRequested {
  RunId run;
  TaskIndex task = 0;
  StopReason reason = StopReason::kUserCancel;
};

/// Every iteration of the block that was not on a worker has ended in `state`.
struct IterationsAbandoned {
  RunId run;
  std::uint32_t block = 0;
  TaskState state = TaskState::kCancelled;
  Timestamp at;
};

/// Consecutive attempt ids.
struct AttemptRange {
  AttemptId first;
  std::uint32_t count = 0;
  friend bool operator==(const AttemptRange&, const AttemptRange&) = default;
};

/// A finished run is live again: some of its tasks are reset, the others keep their results.
struct RunRepaired {
  Boxed<RunRecord> run;      ///< Queued; its last repair is the new one.
  SettingsPointer settings;  ///< Stored by digest, not with the event.
  std::vector<TaskRow> rows;
  std::map<TaskIndex, TaskDetails> details;
  std::vector<InputsPointer> inputs;     ///< Of the blocks; stored as rows of their own.
  std::vector<AttemptRange> iterations;  ///< First attempts of iterations that run again.
};

/// A settings document of a one-time run.
struct SettingsRecorded {
  std::string digest;
  std::string json;
};

/// A finished run is gone, with all that it left.
struct RunDeleted {
  RunId run;
};

}  // namespace sheaf::core
