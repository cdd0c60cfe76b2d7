// Patterns as .gitignore has them, matched by git itself, in a work tree or outside of one.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace sheaf::bundles {

/// Those of `names` (relative, with `/`) that the patterns match; a later `!pattern` takes back
/// what one before it matched. Starts git twice unless there is nothing to do.
///
/// Fails with kNotFound when there is no git, and as os::run_program does.
[[nodiscard]] Result<std::set<std::string>> match_patterns(
    const std::set<std::string>& names, const std::vector<std::string>& patterns);

}  // namespace sheaf::bundles
