// Control groups, version 2: where this process may make them, what the kernel offers there, and
// ending everything in one. A machine may mount version 2 beside version 1 with few controllers or
// none, so each feature is probed by itself. Any thread.
#pragma once

#include <filesystem>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::os {

/// A cgroup below which this process may create others.
struct CgroupParent {
  std::filesystem::path path;
  bool can_kill = false;    ///< cgroup.kill: Linux 5.14 and later
  bool has_memory = false;  ///< memory.max can be set on children
  bool has_pids = false;    ///< pids.max
  bool has_cpu = false;     ///< cpu.max
};

/// Where the file system of `type` is mounted first, according to a text like /proc/self/mountinfo.
/// Empty if nowhere.
[[nodiscard]] std::filesystem::path find_mount(std::string_view mountinfo, std::string_view type);

/// Probes, by making and removing a cgroup, `wanted`, or where that is empty this process's own
/// cgroup. Fails with kUnsupported if there is no version 2, kUnauthorized if it may not be
/// changed.
[[nodiscard]] Result<CgroupParent> open_cgroup_parent(const std::filesystem::path& wanted);

/// Whether any process is in the cgroup or below it. One that does not exist holds none.
[[nodiscard]] Result<bool> is_populated(const std::filesystem::path& cgroup);

/// Kills every process in the cgroup and below, and waits until none is left. Fails with kTimeout
/// after `patience`, kUnsupported without cgroup.kill. One that does not exist is success.
[[nodiscard]] Result<void> kill_cgroup(const std::filesystem::path& cgroup, Milliseconds patience);

/// Removes an empty cgroup and the empty ones in it. One that does not exist is success.
[[nodiscard]] Result<void> remove_cgroup(const std::filesystem::path& cgroup);

}  // namespace sheaf::os
