#include "scheduler/placement/placement.h"

#include <algorithm>
#include <optional>
#include <set>

namespace sheaf::placement {
namespace {

/// Workers from the best to the worst.
struct Rank {
  std::int64_t cost = 0;
  std::size_t worker = 0;  ///< Index; workers are ordered by id.
  friend auto operator<=>(const Rank&, const Rank&) = default;
};

class Planner {
 public:
  Planner(const ClusterView& view, std::span<const TaskShape> shapes, Policy policy)
      : workers_(view.workers),
        pools_(view.pools),
        shapes_(shapes),
        policy_(policy),
        is_exhausted_(shapes.size(), false) {
    std::uint64_t slots = 0;
    for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
      slots += workers_[worker].slots;
      open(worker);
    }
    patience_ = kPatience * slots;
  }

  [[nodiscard]] bool has_open_workers() const { return !open_.empty(); }

  /// A place for one task of the shape.
  std::optional<Placement> place(std::uint32_t index) {
    if (is_exhausted_[index]) {
      return std::nullopt;
    }
    const TaskShape& shape = shapes_[index];
    const bool is_allowed = shape.pool == kNoPool || pools_[shape.pool] > 0;
    const auto best = is_allowed ? find_best(shape) : std::nullopt;
    if (!best) {
      is_exhausted_[index] = true;  // Within a pass, room only shrinks.
      if (is_allowed && shape.waited > patience_) {
        reserve_for(shape);
      }
      return std::nullopt;
    }
    WorkerCapacity& worker = workers_[best->worker];
    Placement placement{.worker = worker.worker, .gpus = choose_gpus(worker, shape.resources)};
    open_.erase(*best);
    take(worker, shape.resources, placement.gpus);
    open(best->worker);
    if (shape.pool != kNoPool) {
      --pools_[shape.pool];
    }
    return placement;
  }

 private:
  [[nodiscard]] std::int64_t cost_of(const WorkerCapacity& worker) const {
    const std::int64_t share = dominant_share(worker);
    return policy_ == Policy::kSpread ? share : -share;
  }

  void open(std::size_t index) {
    if (workers_[index].used < workers_[index].slots) {
      open_.insert({.cost = cost_of(workers_[index]), .worker = index});
    }
  }

  /// The fitting worker of the least cost, the bonus taken off.
  [[nodiscard]] std::optional<Rank> find_best(const TaskShape& shape) const {
    const std::int64_t bonus = shape.environment == 0 ? 0 : kLocalityBonus;
    std::optional<Rank> best;
    std::int64_t least = 0;
    for (const Rank& rank : open_) {
      if (best && rank.cost - bonus >= least) {
        break;
      }
      const WorkerCapacity& worker = workers_[rank.worker];
      if (!has_room(worker, shape.resources)) {
        continue;
      }
      const bool is_local =
          bonus != 0 &&
          std::ranges::find(worker.environments, shape.environment) != worker.environments.end();
      const std::int64_t cost = rank.cost - (is_local ? bonus : 0);
      if (!best || cost < least) {
        best = rank;
        least = cost;
      }
    }
    return best;
  }

  /// Keeps the worker that comes free soonest, as far as shares tell, from tasks of lower rank. As
  /// it only gets emptier, the same one is chosen again until the task fits, or a better one is.
  void reserve_for(const TaskShape& shape) {
    if (has_reserved_) {
      return;
    }
    std::optional<Rank> emptiest;
    for (std::size_t index = 0; index < workers_.size(); ++index) {
      const Rank rank{.cost = dominant_share(workers_[index]), .worker = index};
      if (could_hold(workers_[index], shape.resources) && (!emptiest || rank < *emptiest)) {
        emptiest = rank;
      }
    }
    if (emptiest) {
      has_reserved_ = true;
      open_.erase({.cost = cost_of(workers_[emptiest->worker]), .worker = emptiest->worker});
    }
  }

  std::vector<WorkerCapacity> workers_;
  std::vector<std::uint32_t> pools_;
  std::span<const TaskShape> shapes_;
  Policy policy_;
  std::vector<bool> is_exhausted_;
  std::set<Rank> open_;
  std::uint64_t patience_ = 0;
  bool has_reserved_ = false;
};

}  // namespace

std::size_t ClusterView::free_slots() const {
  std::size_t free = 0;
  for (const WorkerCapacity& worker : workers) {
    free += worker.slots > worker.used ? worker.slots - worker.used : 0;
  }
  return free;
}

std::vector<Placement> plan(const ClusterView& view,
                            std::span<const TaskShape> shapes,
                            std::span<const ReadyTask> ready,
                            Policy policy) {
  Planner planner(view, shapes, policy);
  std::vector<Placement> placements;
  for (std::size_t task = 0; task < ready.size() && planner.has_open_workers(); ++task) {
    if (auto placement = planner.place(ready[task].shape)) {
      placement->task = task;
      placements.push_back(*std::move(placement));
    }
  }
  return placements;
}

}  // namespace sheaf::placement
