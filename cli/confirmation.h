// Asking the person before something is lost.
#pragma once

#include <string_view>

#include "common/base/result.h"

namespace sheaf::cli {

/// Asks `question` on the terminal and returns whether the answer was yes. Fails with kInvalid, and
/// names `option`, when stdin is no terminal.
[[nodiscard]] Result<bool> confirm(std::string_view question, std::string_view option);

}  // namespace sheaf::cli
