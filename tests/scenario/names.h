// Names for ids, so that a scenario reads "r1/train#0" where the core says 17.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scheduler/core/core.h"

namespace sheaf::scenario {

class Names {
 public:
  /// Learns from an event before it is printed.
  void learn(const core::Event& event);

  [[nodiscard]] std::string of(JobId job) const { return find(jobs_, job.value, "job"); }
  [[nodiscard]] std::string of(RunId run) const { return find(runs_, run.value, "run"); }
  [[nodiscard]] std::string of(WorkerId worker) const {
    return find(workers_, worker.value, "worker");
  }
  [[nodiscard]] std::string of(TriggerId trigger) const;
  [[nodiscard]] std::string of(AlertId alert) const { return find(alerts_, alert.value, "alert"); }
  /// "r1/train".
  [[nodiscard]] std::string of(RunId run, core::TaskIndex task) const;

  [[nodiscard]] JobId job(const std::string& name) const;
  [[nodiscard]] RunId run(const std::string& name) const;
  [[nodiscard]] WorkerId worker(const std::string& name) const;
  [[nodiscard]] TriggerId trigger_of(const std::string& name) const;
  [[nodiscard]] AlertId alert(const std::string& name) const;

 private:
  using Table = std::map<std::int64_t, std::string>;
  static std::string find(const Table& table, std::int64_t id, const std::string& kind);
  static std::int64_t find_id(const Table& table, const std::string& name);

  Table jobs_;
  Table runs_;
  Table workers_;
  /// A schedule is recorded before its job: named only when asked.
  std::map<TriggerId, JobId> triggers_;
  Table alerts_;
  std::map<RunId, core::SettingsPointer> settings_;
  std::map<RunId, std::vector<core::IterationBlock>> blocks_;
};

}  // namespace sheaf::scenario
