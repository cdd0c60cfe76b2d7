// What this machine has to give to tasks, as far as the kernel tells. Threads: pure but for reads.
#pragma once

#include <filesystem>

#include "common/model/worker_resources.h"

namespace sheaf::os {

/// Where the kernel tells; tests put folders of their own.
struct MachineSources {
  std::filesystem::path memory_file = "/proc/meminfo";
  std::filesystem::path device_folder = "/dev";
};

/// Cores that this process may run on, all of the machine's memory (a cgroup's limit is not looked
/// at), and a GPU for each device nvidia0, nvidia1 and so on. What cannot be read counts as 0.
[[nodiscard]] model::WorkerResources detect_machine(const MachineSources& sources = {});

}  // namespace sheaf::os
