#include "scheduler/placement/capacity.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace sheaf::placement {
namespace {

std::int64_t share(std::int64_t used, std::int64_t total) {
  // Byte counts would overflow when scaled; a double has more digits than the share.
  return total <= 0 ? 0
                    : static_cast<std::int64_t>(static_cast<double>(used) /
                                                static_cast<double>(total) * kWholeShare);
}

}  // namespace

bool could_hold(const WorkerCapacity& worker, const model::ResourceRequest& request) {
  return worker.slots > 0 && request.cpu_millis <= worker.cpu_millis.total &&
         request.memory_bytes <= worker.memory_bytes.total &&
         std::cmp_less_equal(request.gpus, worker.gpus) &&
         std::ranges::includes(worker.labels, request.labels);
}

bool has_room(const WorkerCapacity& worker, const model::ResourceRequest& request) {
  // What nobody asked for is not held against a worker that has too little of it.
  return worker.used < worker.slots &&
         (request.cpu_millis == 0 || worker.cpu_millis.has(request.cpu_millis)) &&
         (request.memory_bytes == 0 || worker.memory_bytes.has(request.memory_bytes)) &&
         std::cmp_less_equal(request.gpus, worker.free_gpus.size()) &&
         std::ranges::includes(worker.labels, request.labels);
}

bool can_give(const WorkerCapacity& worker,
              const model::ResourceRequest& request,
              std::span<const std::uint32_t> gpus) {
  return has_room(worker, request) && std::cmp_equal(gpus.size(), request.gpus) &&
         std::ranges::adjacent_find(gpus, std::greater_equal{}) == gpus.end() &&
         std::ranges::includes(worker.free_gpus, gpus);
}

std::vector<std::uint32_t> choose_gpus(const WorkerCapacity& worker,
                                       const model::ResourceRequest& request) {
  return {worker.free_gpus.begin(), worker.free_gpus.begin() + request.gpus};
}

void take(WorkerCapacity& worker,
          const model::ResourceRequest& request,
          std::span<const std::uint32_t> gpus) {
  ++worker.used;
  worker.cpu_millis.used += request.cpu_millis;
  worker.memory_bytes.used += request.memory_bytes;
  std::erase_if(worker.free_gpus,
                [gpus](std::uint32_t device) { return std::ranges::binary_search(gpus, device); });
}

std::int64_t dominant_share(const WorkerCapacity& worker) {
  const auto free_gpus = static_cast<std::int64_t>(worker.free_gpus.size());
  return std::max({share(worker.used, worker.slots),
                   share(worker.cpu_millis.used, worker.cpu_millis.total),
                   share(worker.memory_bytes.used, worker.memory_bytes.total),
                   share(std::int64_t{worker.gpus} - free_gpus, worker.gpus)});
}

}  // namespace sheaf::placement
