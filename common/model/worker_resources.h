// What a worker has to give, as it says when it registers.
#pragma once

#include <cstdint>
#include <vector>

namespace sheaf::model {

/// Beside slots and labels. A worker that says nothing of a resource has none of it to give: tasks
/// that ask for some go elsewhere.
struct WorkerResources {
  std::int64_t cpu_millis = 0;  ///< Thousandths of a core.
  std::int64_t memory_bytes = 0;
  std::vector<std::uint32_t> gpus;  ///< Indices of its devices; ascending, each once.
  friend bool operator==(const WorkerResources&, const WorkerResources&) = default;
};

}  // namespace sheaf::model
