// Holds the pauses between attempts against the task's settings: none is shorter than
// min_retry_interval and none leaves the window of its back-off.
#pragma once

#include <cstdint>
#include <map>

#include "scheduler/core/event.h"
#include "tests/sim/run_fact.h"

namespace sheaf::sim {

class RetryJudge {
 public:
  /// `runs` must outlive the judge.
  explicit RetryJudge(const RunFacts& runs) : runs_(runs) {}

  /// The event as it happened; `now` is the scheduler's wall clock. Violation where it must not.
  void take(const core::Event& event, Timestamp now);

 private:
  class Reader;

  /// A task in its present pass.
  struct Tries {
    Timestamp begun = kNoTime;  ///< Of the last attempt, as its worker said.
    std::uint32_t ended = 0;
    bool was_lost = false;    ///< The last attempt.
    Timestamp due = kNoTime;  ///< Of the next one, while it waits.
  };

  void check_pause(const core::RetryScheduled& event, Timestamp now) const;
  void check_due(const core::TaskRef& task, Timestamp now);

  const RunFacts& runs_;
  std::map<core::TaskRef, Tries> tries_;
};

}  // namespace sheaf::sim
