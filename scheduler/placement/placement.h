// Where ready tasks go: a pure planner. The core verifies its proposals against current state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/base/id.h"

namespace sheaf::placement {

struct WorkerCapacity {
  WorkerId worker;
  std::uint32_t slots = 0;
  std::uint32_t used = 0;
};

/// Workers that may be given work, ordered by id.
struct ClusterView {
  std::vector<WorkerCapacity> workers;

  [[nodiscard]] std::size_t free_slots() const;
};

struct Placement {
  std::size_t task = 0;  ///< Index into `ready`.
  WorkerId worker;
};

/// Chooses workers for the first of `task_count` ready tasks, oldest first, as many as there are
/// free slots.
///
/// Spreads: each task goes to the worker with the smallest share of its slots in use, ties to the
/// smaller id. Pure: equal input, equal plan. O((tasks placed + workers) × log workers).
[[nodiscard]] std::vector<Placement> plan(const ClusterView& view, std::size_t task_count);

}  // namespace sheaf::placement
