// sheaf: the command line.
#include <csignal>

#include "cli/console.h"
#include "cli/parser.h"

int main(int argc, char** argv) {
  sheaf::cli::open_closed_streams();
  // Where whoever started this ignored it, the ends of scripts and builds could not be learnt.
  static_cast<void>(std::signal(SIGCHLD, SIG_DFL));
  return sheaf::cli::run_command_line(argc, argv, sheaf::cli::surroundings_of_process());
}
