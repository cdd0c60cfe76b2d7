// Runs a program to its end and collects what it writes. For short programs of the command line
// (git, …), not for tasks. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/result.h"

namespace sheaf::os {

struct ProgramSettings {
  /// Program, looked up in PATH, and its arguments.
  std::vector<std::string> command;
  std::filesystem::path folder;
  /// "NAME=value" to set, "NAME" to remove, over the environment of this process.
  std::vector<std::string> environment;
  std::chrono::milliseconds time_limit{30'000};
  /// Of each stream.
  std::size_t max_output_bytes = 64u << 20;
  /// What the program reads from its standard input; it must be there.
  std::filesystem::path input_file = "/dev/null";
};

struct ProgramResult {
  /// Exit status, or 128 + the signal that ended it.
  int exit_status = 0;
  std::string standard_output;
  std::string standard_error;
};

/// Fails with kNotFound when there is no such program, kTimeout when the
/// limit passes (the program is killed; its children are not), kExhausted when it writes too much.
[[nodiscard]] Result<ProgramResult> run_program(const ProgramSettings& settings);

/// Waits for the end of a child: its exit status, or 128 + the signal that ended it. Fails with
/// kInternal when the system does not tell, as where SIGCHLD is ignored.
[[nodiscard]] Result<int> wait_for_child(pid_t child);

}  // namespace sheaf::os
