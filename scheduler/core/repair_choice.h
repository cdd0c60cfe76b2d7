// Which tasks of a finished run a repair runs again. Internal to scheduler/core.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/facts.h"
#include "scheduler/core/job_graph.h"

namespace sheaf::core {

class RepairChoice {
 public:
  /// `before` must outlive the choice; `settings` are those that the run will have.
  RepairChoice(const StoredRun& before, SettingsPointer settings);

  /// Chooses what failed or what is named, what is new or of another kind, what depends on those
  /// unless it has succeeded and may stay, and all that stands between two of them. Fails with
  /// kInvalid when there is nothing to run, or no task of a name.
  [[nodiscard]] Result<void> choose(const RepairRun& command);

  [[nodiscard]] const SettingsPointer& settings() const { return settings_; }
  [[nodiscard]] bool is_reset(TaskIndex task) const { return is_reset_[task]; }
  /// The task of the finished run with the same key.
  [[nodiscard]] std::optional<TaskIndex> find_before(TaskIndex task) const;
  /// The task that the run will have with the key of `old`, one of the finished run.
  [[nodiscard]] std::optional<TaskIndex> find_now(TaskIndex old) const;
  [[nodiscard]] bool was_successful(TaskIndex task) const;
  /// Whether anything before the task, near or far, runs again.
  [[nodiscard]] bool has_reset_ancestor(TaskIndex task) const;

 private:
  using Adjacency = std::vector<std::vector<TaskIndex>>;

  [[nodiscard]] Result<void> choose_named(const std::vector<std::string>& tasks);
  void choose_failed();
  void spread_downstream(RepairRun::Dependents dependents);
  [[nodiscard]] std::vector<bool> reachable(const Adjacency& next) const;
  bool reset_between();

  const StoredRun& before_;
  SettingsPointer settings_;
  JobGraph graph_;
  Adjacency downstream_;
  Adjacency upstream_;
  std::map<std::string, TaskIndex> old_index_;
  std::vector<bool> is_reset_;
};

}  // namespace sheaf::core
