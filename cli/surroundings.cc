#include "cli/surroundings.h"

#include <system_error>

#include <unistd.h>

namespace sheaf::cli {

std::optional<std::string> Surroundings::find(std::string_view name) const {
  const auto found = variables.find(name);
  if (found == variables.end() || found->second.empty()) {
    return std::nullopt;
  }
  return found->second;
}

Result<std::filesystem::path> Surroundings::home() const {
  if (auto folder = find("HOME")) {
    return std::filesystem::path(*folder);
  }
  return fail(ErrorCode::kInvalid, "HOME is not set: set it, or name the folder with --data");
}

Result<std::filesystem::path> Surroundings::data_folder() const {
  if (auto folder = find("SHEAF_DATA")) {
    return absolute(*folder);
  }
  const auto at = home();
  return at ? Result<std::filesystem::path>(*at / ".local" / "share" / "sheaf") : at;
}

Result<std::filesystem::path> Surroundings::configuration_folder() const {
  if (auto folder = find("XDG_CONFIG_HOME")) {
    return absolute(*folder) / "sheaf";
  }
  const auto at = home();
  return at ? Result<std::filesystem::path>(*at / ".config" / "sheaf") : at;
}

std::filesystem::path Surroundings::absolute(const std::filesystem::path& path) const {
  return (working_folder / path).lexically_normal();
}

Surroundings surroundings_of_process() {
  Surroundings surroundings;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const auto equals = text.find('='); equals != std::string_view::npos) {
      surroundings.variables.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  std::error_code ignored;
  surroundings.working_folder = std::filesystem::current_path(ignored);
  return surroundings;
}

}  // namespace sheaf::cli
