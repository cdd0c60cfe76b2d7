// Findings as people and programs read them.
#pragma once

#include <string>
#include <vector>

#include "bundles/diagnostics.h"

namespace sheaf::bundles {

enum class TextStyle { kPlain, kColoured };

/// `Error: summary`, `  at path`, `  in file:line:column` for each place, the line of the first one
/// with a caret below the column, and the detail behind an empty line. Ends with a newline. Colours
/// are those of ANSI terminals. Control characters become spaces; of a long line the part around
/// the column is shown.
[[nodiscard]] std::string to_text(const Diagnostic& diagnostic,
                                  TextStyle style = TextStyle::kPlain);

/// `{"severity": "error", "summary": …, "path": …, "places": [{"file", "line", "column"}],
/// "source_line": …, "detail": …}`
[[nodiscard]] std::string to_json(const Diagnostic& diagnostic);

}  // namespace sheaf::bundles
