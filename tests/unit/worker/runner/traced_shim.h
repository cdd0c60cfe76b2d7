// The real shim under ptrace: it runs from one entry or exit of a system call to the next, so that
// a test can kill it, or act beside it, at every single point.
#pragma once

#include <optional>

#include <sys/types.h>

#include "worker/runner/attempt_folder.h"

namespace sheaf::runner {

class TracedShim {
 public:
  /// Starts the shim on the folder; it stands before its first instruction.
  explicit TracedShim(const AttemptFolder& folder);
  /// Kills it if it has not ended.
  ~TracedShim();
  TracedShim(const TracedShim&) = delete;
  TracedShim& operator=(const TracedShim&) = delete;

  /// Whether ptrace works here.
  [[nodiscard]] bool is_traced() const { return traced_; }
  /// Runs to the end of its next system call; false if the shim has ended instead.
  bool step();
  /// Runs to its end, and returns its exit status; -1 if a signal ended it.
  int finish();
  void kill();
  /// Entries into fsync and fdatasync so far.
  [[nodiscard]] int sync_count() const { return sync_count_; }

 private:
  bool resume(int request, int signal);
  /// Whether it stands at the end of a system call; counts those that begin.
  bool note_stop();

  pid_t pid_ = -1;
  bool traced_ = false;
  std::optional<int> status_;
  int sync_count_ = 0;
};

}  // namespace sheaf::runner
