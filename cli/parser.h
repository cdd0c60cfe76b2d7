// The command line's grammar: global options and every command.
#pragma once

#include "cli/invocation.h"

namespace sheaf::cli {

/// Parses, runs the one command that is named, and prints what went wrong. Returns the process's
/// exit status.
[[nodiscard]] int run_command_line(int argc, const char* const* argv, Surroundings surroundings);

}  // namespace sheaf::cli
