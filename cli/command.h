// What a command is to the parser. Each one stands in a file of its own below cli/commands.
#pragma once

#include <memory>
#include <vector>

#include "cli/exit_status.h"
#include "cli/invocation.h"
#include "common/base/result.h"

namespace CLI {
class App;
}

namespace sheaf::cli {

class Command {
 public:
  Command() = default;
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;
  virtual ~Command() = default;

  /// Adds the command, with its options and subcommands, to the parser, which fills this object's
  /// members while it parses. Returns the added subcommand of `root`. Called once.
  virtual CLI::App* declare(CLI::App& root) = 0;

  /// Requires: the parser met this command.
  [[nodiscard]] virtual Result<ExitStatus> run(const Invocation& invocation) = 0;
};

/// Every command, in the order of the help text.
[[nodiscard]] std::vector<std::unique_ptr<Command>> make_commands();

}  // namespace sheaf::cli
