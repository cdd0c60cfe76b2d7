// What is said of a stream while its process runs; see messages.h.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/id.h"
#include "common/model/attempt.h"

namespace sheaf::wire {

/// Outcomes of a stream's iterations, as its process wrote them. One report of an attempt is under
/// way at a time, repeated until OUTCOMES_ACK; RESULT comes after the last. What is recorded of an
/// iteration stays, whatever a later report says of it.
struct Outcomes {
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::uint64_t offset = 0;  ///< How much of the process's file has been read, bytes.
  bool is_ready = false;     ///< The process has said that it begins to read.
  std::vector<model::StreamOutcome> entries;
  friend bool operator==(const Outcomes&, const Outcomes&) = default;
};

/// The report that ended at `offset` is durable.
struct OutcomesAck {
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const OutcomesAck&, const OutcomesAck&) = default;
};

}  // namespace sheaf::wire
