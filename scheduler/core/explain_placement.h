// Why a ready task has no worker yet. Internal to scheduler/core.
#pragma once

#include <string>
#include <vector>

#include "scheduler/core/explanation.h"
#include "scheduler/core/state.h"
#include "scheduler/placement/capacity.h"

namespace sheaf::core {

/// Workers and queue as they stand, read once for all tasks of an explanation. Borrows from State.
class PlacementReasons {
 public:
  explicit PlacementReasons(const State& state);

  /// REQUIRES: the task waits for a slot.
  [[nodiscard]] std::vector<Reason> find(const LiveRun& run, TaskIndex task) const;

 private:
  struct Worker {
    placement::WorkerCapacity capacity;
    const LiveWorker* live = nullptr;
  };
  /// Ready tasks that come before; counting ends at a bound.
  struct Ahead {
    std::int64_t of_greater_priority = 0;
    std::int64_t older = 0;
    bool is_exact = true;
    [[nodiscard]] std::int64_t count() const { return of_greater_priority + older; }
  };

  [[nodiscard]] Ahead count_ahead(const ReadyShape& shape, TaskRef what) const;
  [[nodiscard]] bool can_be_placed(const ReadyShape& shape) const;
  void add_workers(const ReadyShape& shape, const Ahead& ahead, std::vector<Reason>& reasons) const;

  const State& state_;
  std::vector<Worker> workers_;
};

}  // namespace sheaf::core
