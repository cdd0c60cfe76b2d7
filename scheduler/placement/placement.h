// Where ready tasks go: a pure planner. The core verifies its proposals against current state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/base/id.h"
#include "common/model/job_settings.h"
#include "scheduler/placement/capacity.h"

namespace sheaf::placement {

/// Which of several fitting workers is taken.
enum class Policy : std::uint8_t {
  kSpread,  ///< The one with the smallest part in use.
  kPack,    ///< The one with the greatest, so that whole workers stay free for large tasks.
};

/// Workers that may be given work, ordered by id, and what pools still allow.
struct ClusterView {
  std::vector<WorkerCapacity> workers;
  /// Attempts that each limited pool still has room for; TaskShape::pool is an index.
  std::vector<std::uint32_t> pools{};

  [[nodiscard]] std::size_t free_slots() const;
};

inline constexpr std::uint32_t kNoPool = UINT32_MAX;

/// What tasks have in common that are placed alike.
struct TaskShape {
  model::ResourceRequest resources{};
  std::uint32_t pool = kNoPool;
  /// Fingerprint of the Python environment; 0: none.
  std::uint64_t environment = 0;
  /// Placements of any task since the oldest one of this shape has been its oldest.
  std::uint64_t waited = 0;
};

struct ReadyTask {
  std::uint32_t shape = 0;  ///< Index into `shapes`.
};

struct Placement {
  std::size_t task = 0;  ///< Index into `ready`.
  WorkerId worker;
  std::vector<std::uint32_t> gpus{};  ///< Devices, ascending.
};

/// A starving shape may reserve a worker after the cluster's slots were filled so many times.
inline constexpr std::uint64_t kPatience = 2;

/// Chooses workers for as many ready tasks as fit, in one pass.
///
/// `ready` is sorted by falling priority, then age. The result keeps its order and never exceeds a
/// worker's free slots, CPU, memory or devices, nor what a pool allows. A task that does not fit is
/// passed over, with all of its shape; the next one may fit. So that small tasks do not keep a
/// large one waiting for ever, the first shape that has waited for more than kPatience × slots
/// placements, and that some worker could hold, reserves the emptiest such worker: nothing of lower
/// rank is placed there in this pass. One shape a pass may do so.
///
/// Among fitting workers the policy chooses, by dominant share, ties to the smaller id. A worker
/// that has the task's environment counts as better by kLocalityBonus, and no more than that.
/// Pure: equal input, equal plan. About O(placements × log workers + shapes × workers) where most
/// workers suit most shapes; measured in tests/bench/placement_bench.cc.
[[nodiscard]] std::vector<Placement> plan(const ClusterView& view,
                                          std::span<const TaskShape> shapes,
                                          std::span<const ReadyTask> ready,
                                          Policy policy = Policy::kSpread);

/// What having an environment is worth: a quarter of a worker.
inline constexpr std::int64_t kLocalityBonus = kWholeShare / 4;

}  // namespace sheaf::placement
