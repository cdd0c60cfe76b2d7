// Work that apply() uncovers and that follows in the same batch.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/records.h"

namespace sheaf::core {

/// A compiled settings document. Immutable and shared by the runs that use it, so that a thousand
/// queued runs of a job hold one copy.
using SettingsPointer = std::shared_ptr<const model::JobSettings>;

/// A block of iterations of a run.
struct BlockRef {
  RunId run;
  std::uint32_t block = 0;
  friend auto operator<=>(const BlockRef&, const BlockRef&) = default;
};

struct ChildEnd {
  RunId run;
  RunState state = RunState::kSucceeded;
  std::string message;
};

/// Work that apply() uncovered and from which conclusions are to be drawn; derived, never stored.
struct Unsettled {
  std::vector<TaskRef> unblocked;  ///< All dependencies finished, not judged yet.
  std::vector<TaskRef> stoppable;  ///< Tasks of stopping runs that have not started.
  std::set<RunId> finished_runs;   ///< No unfinished task, run not terminal.
  std::set<JobId> startable_jobs;  ///< A queue and a free place beside the running ones.
  std::set<BlockRef> blocks;       ///< Iterations to start or abandon, or all finished.
  /// Run-job tasks whose run has ended, with that run's end.
  std::map<TaskRef, ChildEnd> ended_children;
  /// Delegated tasks that need Facts to go on: their commands follow (take_follow_ups).
  std::set<TaskRef> wanting_facts;

  [[nodiscard]] bool is_settled() const { return blocks.empty() && has_only_iterations(); }
  [[nodiscard]] bool is_empty() const { return is_settled() && wanting_facts.empty(); }
  /// Nothing is left but iterations: a restart finds those again, so that they may wait for another
  /// batch.
  [[nodiscard]] bool may_wait() const { return wanting_facts.empty() && has_only_iterations(); }

 private:
  /// What Settle would conclude is about iterations alone.
  [[nodiscard]] bool has_only_iterations() const {
    return unblocked.empty() && stoppable.empty() && finished_runs.empty() &&
           startable_jobs.empty() && ended_children.empty();
  }
};

}  // namespace sheaf::core
