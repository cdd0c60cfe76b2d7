// Which Python an environment version means, and which one is here.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace sheaf::environments {

/// 3.<minor> at an exact path, never a version manager's shim (one costs 60 ms a start).
struct Interpreter {
  int minor = 0;
  std::filesystem::path path;
};

/// The minor version of Python 3 that a serverless environment version stands for (documentation of
/// the environment versions: 1 is 3.10, 2 is 3.11, 3 to 5 are 3.12). Empty is the newest; nullopt:
/// unknown.
[[nodiscard]] std::optional<int> python_minor(std::string_view environment_version);

/// Interpreters in the folders of `path_variable` (as of PATH) and those below `version_folders`
/// (`<folder>/<version>/bin`), the first of each version.
[[nodiscard]] std::vector<Interpreter> find_interpreters(
    std::string_view path_variable, const std::vector<std::filesystem::path>& version_folders);

struct ChosenInterpreter {
  Interpreter interpreter;
  std::string warning;  ///< Empty when it is the one that was asked for.
};

/// The interpreter with `minor`, else the nearest newer, else the nearest older one, with a
/// warning. Fails with kUnsupported when there is none.
[[nodiscard]] Result<ChosenInterpreter> choose_interpreter(const std::vector<Interpreter>& here,
                                                           int minor);

}  // namespace sheaf::environments
