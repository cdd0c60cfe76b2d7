// Runs a helper program (uv, python) and waits for it, its deadline, or the caller's loss of
// interest. Threads: any; each call blocks its own.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::environments {

struct ChildCommand {
  std::vector<std::string> argv;                         ///< argv[0] is the program's path.
  std::vector<std::pair<std::string, std::string>> env;  ///< The whole environment.
  std::filesystem::path working_folder;
  /// Receives stdout and stderr; truncated first.
  std::filesystem::path output_file;
  Milliseconds deadline{600'000};
};

/// Fails with kInvalid and the end of the output when the program fails, kTimeout at the deadline,
/// kUnavailable when `is_cancelled` was set; the program and its group are then killed.
[[nodiscard]] Result<void> run_child(const ChildCommand& command,
                                     const std::atomic<bool>& is_cancelled);

}  // namespace sheaf::environments
