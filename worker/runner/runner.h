// Runner: attempts as folders. It starts one shim an attempt, and decides from a folder alone what
// became of an attempt, so that an agent which was killed at any instant can take up its work
// again.
//
// Invariants: an attempt id is launched at most once; "running" and "finished" are said only of
// what the shim recorded; whatever is settled as over has no process left, or says tree_empty =
// false. Threads: any, one call an attempt at a time; one of its own deletes files. The process
// must not ignore SIGCHLD.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

#include "common/base/id.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/cgroups.h"
#include "common/os/file.h"
#include "worker/runner/attempt_folder.h"
#include "worker/runner/launch_spec.h"
#include "worker/runner/records.h"

namespace sheaf::runner {

enum class CgroupUse {
  kWherePossible,  ///< Each attempt in its own cgroup if this process may make them.
  kNever,          ///< The shim finds the tree by its parents alone.
};

struct RunnerSettings {
  /// Holds one folder an attempt; created with mode 0700.
  std::filesystem::path attempts_folder;
  /// The sheaf-shim program.
  std::filesystem::path shim_program;
  CgroupUse cgroup_use = CgroupUse::kWherePossible;
  /// Where to make cgroups; empty for this process's own cgroup.
  std::filesystem::path cgroup_parent;
};

/// A shim that was just started as a child of this process.
struct LaunchedShim {
  pid_t pid = 0;
  /// pidfd: readable for poll once the shim has ended; then read_exit, and os::reap the child.
  os::FileDescriptor process;
  /// Pipe, non-blocking: one byte once the start record is there, end of file if there will be
  /// none.
  os::FileDescriptor started;
};

enum class AttemptState {
  kNotStarted,  ///< No start record yet, and a shim might still write one. Never from settle().
  kNeverRan,    ///< No start record, and there never will be one: nothing of the task has run.
  kRunning,     ///< The shim lives and will write the exit record.
  kFinished,    ///< There is an exit record.
  kShimDied,    ///< It ran, but nobody will record how it ended. settle() ends what is left of it.
  kRebooted,    ///< The machine was started anew since: whatever ran is gone, without an outcome.
};

/// How it is known that no process of an attempt is left.
enum class TreeProof {
  kNone,        ///< It is not: see tree_empty.
  kNothingRan,  ///< kNeverRan.
  kShim,        ///< The shim, parent of all, said so.
  kReboot,      ///< Other boot id.
  kCgroup,      ///< The attempt's cgroup is empty.
  kScan,  ///< No process with the attempt's mark was found. One that shed its environment, its
          ///< session and its parents would have been missed.
};

struct Inspection {
  AttemptState state = AttemptState::kNotStarted;
  std::optional<StartRecord> start;
  std::optional<ExitRecord> exit;  ///< Exactly if state is kFinished.
  os::FileDescriptor shim;         ///< pidfd, exactly if state is kRunning.
  bool tree_empty = false;
  TreeProof proof = TreeProof::kNone;
};

class Sweeper;

class Runner {
 public:
  /// Creates the attempts folder if it is missing, begins to delete what earlier agents left of
  /// forgotten attempts, probes cgroups.
  [[nodiscard]] static Result<Runner> open(RunnerSettings settings);
  ~Runner();
  Runner(Runner&&) noexcept;
  Runner& operator=(Runner&&) noexcept;

  /// Prepares the folder of spec.attempt and starts its shim.
  ///
  /// Fails with kInvalid or kExhausted (see encode_spec), kConflict if the attempt was launched
  /// before, kUnavailable if the shim cannot be started; after a failure nothing of it runs or ever
  /// will. Cost: a few small files and one posix_spawn.
  [[nodiscard]] Result<LaunchedShim> launch(const LaunchSpec& spec) const;

  /// What the folder says now; changes nothing. Fails with kNotFound if there is no such attempt,
  /// kCorrupt if a record cannot be read although the machine was not restarted.
  [[nodiscard]] Result<Inspection> inspect(AttemptId attempt) const;

  /// Like inspect, but makes the answer final: an attempt that did not start never will, and what a
  /// dead shim left is killed, for at most `patience`. kRunning and kFinished are left alone.
  [[nodiscard]] Result<Inspection> settle(AttemptId attempt, Milliseconds patience) const;

  /// Asks the shim of a running attempt to end its tree (TERM, grace, KILL) and record that it was
  /// cancelled. Repeating it is harmless. Fails with kNotFound unless the attempt is running; for a
  /// shim just launched, send SIGTERM through LaunchedShim::process and settle it after its end.
  [[nodiscard]] Result<void> request_stop(AttemptId attempt) const;

  /// Fails with kNotFound if there is no exit record (yet), kCorrupt if it cannot be read.
  [[nodiscard]] Result<ExitRecord> read_exit(AttemptId attempt) const;

  /// Forgets the attempt: its folder is out of sight when this returns, and its files are deleted
  /// in the background. Fails with kConflict while its shim lives. A missing one is success.
  [[nodiscard]] Result<void> remove(AttemptId attempt) const;

  [[nodiscard]] AttemptFolder folder(AttemptId attempt) const;

  /// Where attempts get their cgroups; nothing if they get none.
  [[nodiscard]] const std::optional<os::CgroupParent>& cgroups() const { return cgroups_; }
  [[nodiscard]] const std::string& boot_id() const { return boot_id_; }

 private:
  Runner(RunnerSettings settings, std::string boot_id, std::optional<os::CgroupParent> cgroups);

  [[nodiscard]] Result<Inspection> inspect_started(const AttemptFolder& folder,
                                                   std::string_view record) const;
  [[nodiscard]] Result<Inspection> inspect_unstarted(const AttemptFolder& folder) const;
  [[nodiscard]] Result<LaunchedShim> start_shim(const AttemptFolder& folder) const;

  RunnerSettings settings_;
  std::string boot_id_;
  std::optional<os::CgroupParent> cgroups_;
  std::unique_ptr<Sweeper> sweeper_;
};

}  // namespace sheaf::runner
