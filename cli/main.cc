// sheaf: the command line.
#include "cli/console.h"
#include "cli/parser.h"

int main(int argc, char** argv) {
  sheaf::cli::open_closed_streams();
  return sheaf::cli::run_command_line(argc, argv, sheaf::cli::surroundings_of_process());
}
