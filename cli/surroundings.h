// What the process was started with, taken once and then passed as a value: environment and working
// folder, and the folders that follow from them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::cli {

struct Surroundings {
  std::map<std::string, std::string, std::less<>> variables;
  std::filesystem::path working_folder;

  /// The variable's value; an empty one counts as unset.
  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;

  /// $HOME. Fails with kInvalid where there is none.
  [[nodiscard]] Result<std::filesystem::path> home() const;

  /// $SHEAF_DATA, else `.local/share/sheaf` at home.
  [[nodiscard]] Result<std::filesystem::path> data_folder() const;

  /// $XDG_CONFIG_HOME/sheaf, else `.config/sheaf` at home.
  [[nodiscard]] Result<std::filesystem::path> configuration_folder() const;

  /// `path`, taken from the working folder if it is relative.
  [[nodiscard]] std::filesystem::path absolute(const std::filesystem::path& path) const;
};

[[nodiscard]] Surroundings surroundings_of_process();

}  // namespace sheaf::cli
