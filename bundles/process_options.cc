#include <array>
#include <string>

#include <pwd.h>
#include <unistd.h>

#include "bundles/loader.h"

extern char** environ;

namespace sheaf::bundles {

namespace {

std::map<std::string, std::string> process_environment() {
  std::map<std::string, std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

// The account's name; its number where it has none (containers).
std::string login_name() {
  std::array<char, 16'384> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  const int failed = ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  if (failed == 0 && found != nullptr && found->pw_name != nullptr && *found->pw_name != '\0') {
    return found->pw_name;
  }
  return "uid" + std::to_string(::geteuid());
}

}  // namespace

LoadOptions options_of_process() {
  std::error_code error;
  return {.start_folder = std::filesystem::current_path(error),
          .target = {},
          .variables = {},
          .environment = process_environment(),
          .user_name = login_name(),
          .is_strict = false,
          .is_portable = false,
          .now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())};
}

}  // namespace sheaf::bundles
