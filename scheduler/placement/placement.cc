#include "scheduler/placement/placement.h"

#include <algorithm>
#include <queue>

namespace sheaf::placement {
namespace {

/// Orders by falling share in use, then falling id, so that the heap's top is the emptiest worker.
struct FullerFirst {
  bool operator()(const WorkerCapacity& a, const WorkerCapacity& b) const {
    const auto share_a = std::uint64_t{a.used} * b.slots;
    const auto share_b = std::uint64_t{b.used} * a.slots;
    return share_a != share_b ? share_a > share_b : a.worker > b.worker;
  }
};

}  // namespace

std::size_t ClusterView::free_slots() const {
  std::size_t free = 0;
  for (const WorkerCapacity& worker : workers) {
    free += worker.slots > worker.used ? worker.slots - worker.used : 0;
  }
  return free;
}

std::vector<Placement> plan(const ClusterView& view, std::size_t task_count) {
  std::priority_queue<WorkerCapacity, std::vector<WorkerCapacity>, FullerFirst> open;
  for (const WorkerCapacity& worker : view.workers) {
    if (worker.used < worker.slots) {
      open.push(worker);
    }
  }
  std::vector<Placement> placements;
  for (std::size_t task = 0; task < task_count && !open.empty(); ++task) {
    WorkerCapacity chosen = open.top();
    open.pop();
    placements.push_back({.task = task, .worker = chosen.worker});
    if (++chosen.used < chosen.slots) {
      open.push(chosen);
    }
  }
  return placements;
}

}  // namespace sheaf::placement
