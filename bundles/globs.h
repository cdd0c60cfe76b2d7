// Globs of the shell below folders, whose own characters are no pattern.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sheaf::bundles {

/// The glob that means `pattern` in `folder`; an absolute pattern stands for itself.
[[nodiscard]] std::string glob_below(const std::filesystem::path& folder,
                                     const std::string& pattern);

/// Files that match a glob, sorted. Those that cannot be reached do not match.
[[nodiscard]] std::vector<std::filesystem::path> expand_glob(const std::string& glob);

}  // namespace sheaf::bundles
