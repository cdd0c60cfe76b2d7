// Secrets come in by stdin, never by an argument, which every process of the machine can read.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::cli {

/// Stdin up to its end, or, from a terminal, one line that is asked for with `prompt` and not
/// echoed. Without the newline at the end. Fails with kInvalid when it is empty, kExhausted over 64
/// KiB.
[[nodiscard]] Result<std::string> read_secret_from_stdin(std::string_view prompt);

}  // namespace sheaf::cli
