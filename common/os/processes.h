// Processes of this machine: who they are, whether they live, and signals that cannot hit the wrong
// one. A pid alone is no identity, since the kernel reuses it; pid, start time and boot id are. Any
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/result.h"
#include "common/os/file.h"

namespace sheaf::os {

/// One process of one boot.
struct ProcessIdentity {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  ///< Clock ticks after boot: field 22 of /proc/<pid>/stat.

  friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

struct Process {
  ProcessIdentity identity;
  pid_t parent = 0;
  pid_t session = 0;
  /// Has not ended: neither a zombie (its parent did not reap it yet) nor dead.
  bool is_alive = false;
};

/// What /proc/<pid>/stat tells, if there is such a process.
[[nodiscard]] std::optional<Process> find_process(pid_t pid);

/// All processes that this one can see, by rising pid.
[[nodiscard]] std::vector<Process> list_processes();

/// The environment block that the process was started with: NUL-terminated "NAME=value" entries.
/// Empty if it is gone or not ours to read.
[[nodiscard]] std::string initial_environment(pid_t pid);

/// A handle (pidfd) of exactly this process; it becomes readable for poll when the process ends.
/// Fails with kNotFound if it has ended already, also while it is a zombie.
[[nodiscard]] Result<FileDescriptor> open_process(const ProcessIdentity& identity);

/// A handle for `child`, which must be a child of this process that nobody has reaped.
[[nodiscard]] Result<FileDescriptor> open_child(pid_t child);

/// Fails with kNotFound if the process has ended and was reaped.
[[nodiscard]] Result<void> send_signal(const FileDescriptor& process, int signal);

/// If `process` is a child of ours that ended: reaps it and returns its wait status, as of waitpid.
/// Nothing if it still runs, or is not our child. Never blocks.
[[nodiscard]] std::optional<int> reap(const FileDescriptor& process);

/// The kernel's name of this boot (a UUID).
[[nodiscard]] Result<std::string> boot_id();

}  // namespace sheaf::os
