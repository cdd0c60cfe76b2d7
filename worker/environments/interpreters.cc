#include "worker/environments/interpreters.h"

#include <algorithm>

#include <unistd.h>

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

constexpr int kOldestMinor = 8;
constexpr int kNewestMinor = 19;
constexpr int kNewestEnvironmentMinor = 12;

void look_in(const fs::path& folder, std::vector<Interpreter>& found) {
  if (folder.empty() || folder.string().find("/shims") != std::string::npos) {
    return;
  }
  for (int minor = kOldestMinor; minor <= kNewestMinor; ++minor) {
    const fs::path candidate = folder / ("python3." + std::to_string(minor));
    const bool is_known = std::ranges::any_of(
        found, [minor](const Interpreter& known) { return known.minor == minor; });
    if (!is_known && ::access(candidate.c_str(), X_OK) == 0) {
      found.push_back({.minor = minor, .path = candidate});
    }
  }
}

}  // namespace

std::optional<int> python_minor(std::string_view environment_version) {
  if (environment_version == "1") {
    return 10;
  }
  if (environment_version == "2") {
    return 11;
  }
  const bool is_newest = environment_version.empty() || environment_version == "3" ||
                         environment_version == "4" || environment_version == "5";
  return is_newest ? std::optional(kNewestEnvironmentMinor) : std::nullopt;
}

std::vector<Interpreter> find_interpreters(std::string_view path_variable,
                                           const std::vector<fs::path>& version_folders) {
  std::vector<Interpreter> found;
  while (!path_variable.empty()) {
    const auto colon = path_variable.find(':');
    look_in(fs::path(path_variable.substr(0, colon)), found);
    path_variable = colon == std::string_view::npos ? "" : path_variable.substr(colon + 1);
  }
  for (const fs::path& versions : version_folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(versions, error)) {
      look_in(entry.path() / "bin", found);
    }
  }
  return found;
}

Result<ChosenInterpreter> choose_interpreter(const std::vector<Interpreter>& here, int minor) {
  // Newer before older: code for 3.10 mostly runs on 3.11, less often the other way round.
  const auto distance = [minor](const Interpreter& interpreter) {
    constexpr int kPenalty = 100;
    return interpreter.minor >= minor ? interpreter.minor - minor
                                      : kPenalty + minor - interpreter.minor;
  };
  const auto best = std::ranges::min_element(here, {}, distance);
  if (best == here.end()) {
    return fail(ErrorCode::kUnsupported,
                "no Python 3 is on this worker: install python3." + std::to_string(minor));
  }
  ChosenInterpreter chosen{.interpreter = *best, .warning = {}};
  if (best->minor != minor) {
    chosen.warning = "Python 3." + std::to_string(minor) +
                     " is not on this worker; the task runs on 3." + std::to_string(best->minor);
  }
  return chosen;
}

}  // namespace sheaf::environments
