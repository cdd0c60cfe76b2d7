// Deleting attempt folders so that no crash leaves a half-deleted one that looks like an attempt:
// first renamed out of sight, then deleted by a thread that takes its time, since a task may have
// left a million files.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <thread>

#include "common/base/result.h"
#include "worker/runner/attempt_folder.h"

namespace sheaf::runner {

/// Renames the folder out of sight, for a Sweeper to delete. A missing one is success.
[[nodiscard]] Result<void> hide_attempt(const std::filesystem::path& attempts_folder,
                                        const AttemptFolder& folder);

/// Deletes what was hidden, also by earlier processes. What cannot be deleted is logged once and
/// stays. Threads: one of its own; wake() any.
class Sweeper {
 public:
  explicit Sweeper(std::filesystem::path attempts_folder);
  /// Leaves what is not deleted yet to the next Sweeper.
  ~Sweeper() = default;
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

  /// There is something new to delete.
  void wake();

 private:
  void run(const std::stop_token& stop);
  void sweep(const std::stop_token& stop);

  std::filesystem::path attempts_folder_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  bool is_due_ = true;
  std::set<std::string> stuck_;  ///< What could not be deleted; the thread's.
  std::jthread thread_;
};

}  // namespace sheaf::runner
