// sheaf: the command line.
#include "cli/parser.h"

int main(int argc, char** argv) {
  return sheaf::cli::run_command_line(argc, argv, sheaf::cli::surroundings_of_process());
}
