#include "scheduler/placement/placement.h"

#include <algorithm>
#include <map>
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
        is_exhausted_(shapes.size(), false),
        local_of_(view.workers.size()) {
    find_environments();
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
    close(best->worker);
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
      const Rank rank{.cost = cost_of(workers_[index]), .worker = index};
      open_.insert(rank);
      for (std::set<Rank>* const local : local_of_[index]) {
        local->insert(rank);
      }
    }
  }

  void close(std::size_t index) {
    const Rank rank{.cost = cost_of(workers_[index]), .worker = index};
    open_.erase(rank);
    for (std::set<Rank>* const local : local_of_[index]) {
      local->erase(rank);
    }
  }

  /// Notes which workers have the environments that somebody asks for.
  void find_environments() {
    for (const TaskShape& shape : shapes_) {
      if (shape.environment != 0) {
        local_[shape.environment];
      }
    }
    for (std::size_t worker = 0; worker < workers_.size() && !local_.empty(); ++worker) {
      for (const std::uint64_t environment : workers_[worker].environments) {
        if (const auto found = local_.find(environment); found != local_.end()) {
          local_of_[worker].push_back(&found->second);
        }
      }
    }
  }

  [[nodiscard]] std::optional<Rank> find_first(const std::set<Rank>& ranks,
                                               const model::ResourceRequest& request) const {
    const auto found = std::ranges::find_if(ranks, [this, &request](const Rank& rank) {
      return has_room(workers_[rank.worker], request);
    });
    return found == ranks.end() ? std::nullopt : std::optional(*found);
  }

  /// The fitting worker of the least cost; the bonus counts for those with the environment.
  [[nodiscard]] std::optional<Rank> find_best(const TaskShape& shape) const {
    const auto best = find_first(open_, shape.resources);
    if (!best || shape.environment == 0) {
      return best;
    }
    const auto local = find_first(local_.at(shape.environment), shape.resources);
    return local && local->cost - kLocalityBonus < best->cost ? local : best;
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
      close(emptiest->worker);
    }
  }

  std::vector<WorkerCapacity> workers_;
  std::vector<std::uint32_t> pools_;
  std::span<const TaskShape> shapes_;
  Policy policy_;
  std::vector<bool> is_exhausted_;
  std::set<Rank> open_;
  /// Of the open workers those that have an environment, for each that is asked for.
  std::map<std::uint64_t, std::set<Rank>> local_;
  std::vector<std::vector<std::set<Rank>*>> local_of_;  ///< Where each worker stands, if open.
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
