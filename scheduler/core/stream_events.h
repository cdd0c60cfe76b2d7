// Events of for-each tasks in mode stream, whose processes work through many iterations each. As
// event.h.
//
// One iteration, the first that was ready, holds the attempt of a process: its row is the one that
// is leased, runs and ends like that of any task. The others are kStreaming with the same attempt.
// Iterations that nobody works on are kBlocked, those between two attempts kWaitingRetry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scheduler/core/records.h"

namespace sheaf::core {

/// Bits in the `outcome` of a row that holds the attempt of a stream, while it does.
enum StreamMark : std::uint8_t {
  kStreamBegun = 1,      ///< The process said that it is ready, or an outcome came.
  kHolderSucceeded = 2,  ///< The row's own iteration has succeeded; it ends with the process.
  kHolderFailed = 4,     ///< It has failed, with the message of its details.
};

/// Outcomes of a stream were recorded: its successes, and what became of the holder. Failures of
/// other iterations follow as events of their own.
struct StreamReported {
  RunId run;
  TaskIndex holder = 0;
  std::uint8_t mark = 0;     ///< StreamMark bits of the holder from now on.
  std::string holder_error;  ///< With kHolderFailed.
  std::vector<TaskRange> succeeded;
  Timestamp at;
};

/// The process of a stream is gone: what becomes of its iterations says the rest of the step.
struct StreamEnded {
  RunId run;
  TaskIndex holder = 0;
  std::uint32_t stdout_bytes = 0;  ///< Lengths of its logs, kept in each row that has its attempt.
  std::uint32_t stderr_bytes = 0;
};

/// Iterations of a stream wait for a process again; no attempt of theirs was used up.
struct IterationsReturned {
  RunId run;
  std::vector<TaskRange> rows;
  /// Their attempts from now on, consecutive; invalid: they keep those that they have.
  AttemptId first_attempt;
};

}  // namespace sheaf::core
