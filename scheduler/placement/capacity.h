// What one worker has, what of it is in use, and whether a request fits. Values; the core verifies
// leases with the same functions by which the planner proposes them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/model/job_settings.h"

namespace sheaf::placement {

/// A quantity of which a part is in use. More may be in use than there is: a worker may register
/// again with less.
struct Quantity {
  std::int64_t total = 0;
  std::int64_t used = 0;

  [[nodiscard]] bool has(std::int64_t wanted) const { return wanted <= total - used; }
};

struct WorkerCapacity {
  WorkerId worker;
  std::uint32_t slots = 0;
  std::uint32_t used = 0;  ///< Slots in use.
  Quantity cpu_millis{};
  Quantity memory_bytes{};
  std::uint32_t gpus = 0;  ///< Devices in all.
  /// Indices of those that nobody holds, ascending.
  std::vector<std::uint32_t> free_gpus{};
  /// Sorted. Borrowed, like `environments`: whoever made the capacity keeps them.
  std::span<const std::string> labels{};
  /// Fingerprints of the environments that the worker need not build.
  std::span<const std::uint64_t> environments{};
};

/// Whether the worker, idle, could hold the request: what it has in all, and its labels.
[[nodiscard]] bool could_hold(const WorkerCapacity& worker, const model::ResourceRequest& request);

/// Whether the worker can take the request now, slot included.
[[nodiscard]] bool has_room(const WorkerCapacity& worker, const model::ResourceRequest& request);

/// Whether exactly these devices (ascending) may be given for the request now.
[[nodiscard]] bool can_give(const WorkerCapacity& worker,
                            const model::ResourceRequest& request,
                            std::span<const std::uint32_t> gpus);

/// The devices that a request gets: those with the lowest free indices.
/// REQUIRES: has_room(worker, request).
[[nodiscard]] std::vector<std::uint32_t> choose_gpus(const WorkerCapacity& worker,
                                                     const model::ResourceRequest& request);

/// Takes a slot, the request and these devices out of what is free.
void take(WorkerCapacity& worker,
          const model::ResourceRequest& request,
          std::span<const std::uint32_t> gpus);

/// The largest part in use of any resource that the worker has: 0 … kWholeShare, more where more is
/// in use than there is. Source: dominant shares after Ghodsi et al., "Dominant Resource Fairness",
/// NSDI 2011.
[[nodiscard]] std::int64_t dominant_share(const WorkerCapacity& worker);
inline constexpr std::int64_t kWholeShare = 1 << 20;

}  // namespace sheaf::placement
