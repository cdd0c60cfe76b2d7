// Workers and pools as they are stored; see records.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/model/worker_resources.h"

namespace sheaf::core {

struct WorkerRecord {
  WorkerId id;
  std::string name;                 ///< Unique; bound to the worker's CURVE key by the allow-list.
  std::string boot_id;              ///< Of the machine's current boot.
  std::string version;              ///< Of the agent.
  std::uint32_t slots = 0;          ///< Attempts at once.
  std::vector<std::string> labels;  ///< Sorted, each once.
  Timestamp registered = kNoTime;
  model::WorkerResources resources;
  /// Fingerprints of Python environments that it had when it registered, the one used last first.
  std::vector<std::uint64_t> cached_environments;
  friend bool operator==(const WorkerRecord&, const WorkerRecord&) = default;
};

/// A limit on the attempts that are under way at once, over all jobs whose tasks name the pool. A
/// name without a record limits nothing.
struct PoolRecord {
  std::string name;
  std::uint32_t limit = 0;  ///< 0 pauses.
  Timestamp updated = kNoTime;
  friend bool operator==(const PoolRecord&, const PoolRecord&) = default;
};

}  // namespace sheaf::core
