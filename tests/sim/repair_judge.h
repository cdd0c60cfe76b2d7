// Holds the repairs of finished runs against what was asked for and what the documentation of
// repairs promises: what runs again, what keeps its result, and with which settings.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "scheduler/core/event.h"
#include "tests/sim/run_fact.h"
#include "tests/sim/selection_rules.h"

namespace sheaf::sim {

/// Tasks of `now` that a repair of the finished run runs again.
[[nodiscard]] TaskKeys tasks_to_rerun(const RunFact& before,
                                      const core::RepairRun& asked,
                                      const model::JobSettings& now);

class RepairJudge {
 public:
  /// Somebody asks for it, perhaps several times. False: something else was asked for before of the
  /// run as it is.
  bool ask(const core::RepairRun& command) {
    return asked_.emplace(std::pair(command.run, command.latest_repair), command).second;
  }

  /// A job has these settings now; an empty digest: it is gone.
  void note_job(JobId job, const std::string& digest) { digests_[job] = digest; }

  /// `before` is the run as it was when it was over.
  void check(const core::RunRepaired& event, const RunFact& before) const;

 private:
  std::map<std::pair<RunId, std::int64_t>, core::RepairRun> asked_;
  std::map<JobId, std::string> digests_;
};

/// Where each row of the run stands after the repair; rows that are not there any more are absent.
[[nodiscard]] std::map<core::TaskIndex, core::TaskIndex> moved_rows(const core::RunRepaired& event,
                                                                    const RunFact& before);

}  // namespace sheaf::sim
