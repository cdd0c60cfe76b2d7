#include "cli/confirmation.h"

#include <iostream>
#include <string>

#include <unistd.h>

#include "cli/console.h"

namespace sheaf::cli {

Result<bool> confirm(std::string_view question, std::string_view option) {
  if (::isatty(STDIN_FILENO) != 1) {
    return fail(ErrorCode::kInvalid,
                "nobody is there to be asked: give " + std::string(option) + " to go on without");
  }
  print_errors(std::string(question) + " [y/N] ");
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace sheaf::cli
