// What the files of an attempt folder say, as values. The format is worker/shim's (contract.h):
// lines "key=value" between a magic first line and a last line "end". Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/id.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/processes.h"

namespace sheaf::runner {

/// The shim's word that the attempt started. While there is none, nothing of the task has run.
struct StartRecord {
  AttemptId attempt;
  std::string boot_id;
  os::ProcessIdentity shim;
  os::ProcessIdentity main;      ///< The task's main process.
  std::filesystem::path cgroup;  ///< Its own cgroup; empty if it has none.
  Timestamp started = kNoTime;
  Milliseconds started_boot_time{0};  ///< On CLOCK_BOOTTIME of `boot_id`.

  friend bool operator==(const StartRecord&, const StartRecord&) = default;
};

/// How the main process ended.
enum class EndedBy {
  kExit,    ///< By itself: see exit_code. Also 126 or 127 with an `error`, if it never became the
            ///< program.
  kSignal,  ///< By a signal: see signal.
  kNotStarted,  ///< There was no process: see error.
  kUnreaped,    ///< It did not even end on KILL in the time allowed.
};

/// The shim's word that the attempt is over.
struct ExitRecord {
  AttemptId attempt;
  std::string boot_id;
  EndedBy ended_by = EndedBy::kExit;
  int exit_code = -1;  ///< -1 unless ended_by is kExit.
  int signal = 0;      ///< 0 unless ended_by is kSignal.
  bool timed_out = false;
  bool cancelled = false;
  /// The main process ended by itself and left others, which were then ended.
  bool left_children = false;
  /// No process of the attempt is left.
  bool tree_empty = false;
  /// The kernel killed a process of the attempt for memory; nothing where it does not tell.
  std::optional<bool> out_of_memory;
  Timestamp ended = kNoTime;  ///< When the main process ended.
  Milliseconds ended_boot_time{0};
  std::chrono::microseconds user_time{0};  ///< CPU of the whole tree, as far as it was waited for.
  std::chrono::microseconds system_time{0};
  std::uint64_t max_resident_bytes = 0;  ///< Of the largest process.
  /// Why the program could not be started, e.g. "cannot execute 'pyton': No such file or
  /// directory".
  std::string error;

  friend bool operator==(const ExitRecord&, const ExitRecord&) = default;
};

/// Fails with kCorrupt if the text is torn or not such a record.
[[nodiscard]] Result<StartRecord> parse_start_record(std::string_view text);
[[nodiscard]] Result<ExitRecord> parse_exit_record(std::string_view text);

}  // namespace sheaf::runner
