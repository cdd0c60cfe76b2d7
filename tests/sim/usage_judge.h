// Holds the placements against what workers have and pools allow: slots, cores, memory, devices,
// labels, limits, and that what has the greater priority goes first.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "scheduler/core/event.h"
#include "tests/sim/run_fact.h"

namespace sheaf::sim {

class UsageJudge {
 public:
  /// `runs` must outlive the judge.
  explicit UsageJudge(const RunFacts& runs) : runs_(runs) {}

  /// The event as it happened; `runs` know it already. Violation where it must not.
  void take(const core::Event& event);
  /// The batch is over, and with it the placements that it brought.
  void end_batch();

 private:
  class Reader;

  /// An attempt that is on a worker, and what it was given there.
  struct Held {
    RunId run;
    core::TaskIndex task = 0;
    WorkerId worker;
    core::SettingsPointer owner;  ///< Of `settings`.
    const model::TaskSettings* settings = nullptr;
    std::vector<std::uint32_t> gpus;
  };
  struct Placed {
    RunId run;
    core::TaskIndex task = 0;
  };

  void lease(const core::TasksLeased& event, const core::TasksLeased::Lease& lease);
  void release(RunId run, core::TaskIndex task);
  void check_worker(const core::WorkerRecord& worker) const;
  void check_devices(const Held& held, AttemptId attempt) const;
  void check_pool(const std::string& pool) const;
  void check_priorities() const;

  const RunFacts& runs_;
  std::map<WorkerId, core::WorkerRecord> workers_;
  std::map<std::string, std::uint32_t> pools_;
  std::map<AttemptId, Held> held_;
  std::vector<Placed> placed_;  ///< In this batch.
};

}  // namespace sheaf::sim
