// Holds the events of for-each and run-job tasks against what their documentation promises: no more
// iterations at once than allowed, one run an attempt, and nothing goes on below what was stopped.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/event.h"
#include "tests/sim/run_fact.h"

namespace sheaf::sim {

class DelegationJudge {
 public:
  /// `runs` must outlive the judge.
  explicit DelegationJudge(const RunFacts& runs) : runs_(runs) {}

  /// The event as it happened; `runs` know it already. Violation where it must not.
  void take(const core::Event& event);
  /// The batch is over: whatever was stopped in it has stopped what runs for it.
  void end_batch();

 private:
  class Reader;

  void check_begin(RunId run, core::TaskIndex task) const;
  void check_child(const core::RunRecord& child, const model::JobSettings& settings) const;
  void check_end(RunId run, core::TaskIndex task) const;
  void check_refusal(const RunFact& run, core::TaskIndex task) const;
  /// Whether a run of the job that a task of `run` starts would queue behind one that waits for it.
  [[nodiscard]] bool waits_for_itself(const RunFact& run, JobId job) const;
  [[nodiscard]] const RunFact* find_waiting_parent(const RunFact& run) const;

  const RunFacts& runs_;
  std::map<JobId, std::string> job_keys_;  ///< Of the jobs that there are.
  std::map<JobId, std::int64_t> most_runs_;
  std::map<JobId, std::set<RunId>> running_;
  std::set<RunId> stopped_;
};

}  // namespace sheaf::sim
