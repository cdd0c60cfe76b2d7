// Which package of an index has which module. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace sheaf::bundles {

/// Whether Python 3.9 to 3.13 has the module without a package, by the first name of its path.
[[nodiscard]] bool is_in_standard_library(std::string_view module);

/// The package to install for a module: "sklearn.ensemble" → "scikit-learn", "requests" →
/// "requests".
[[nodiscard]] std::string package_of(std::string_view module);

/// Whether one of `packages` (as requirement_name() gives them) has the module, or is known to
/// bring a package that does.
[[nodiscard]] bool is_module_of(const std::set<std::string>& packages, std::string_view module);

/// The package that a line of requirements names, in lower case with `-` for `_` and `.`; empty
/// for options, addresses and comments. A wheel's file name names its distribution.
[[nodiscard]] std::string requirement_name(std::string_view line);

}  // namespace sheaf::bundles
