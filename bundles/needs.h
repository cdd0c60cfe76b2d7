// What of the vendor's platform tasks may ask for, in words, and what to do without it. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bundles/python_scan.h"

namespace sheaf::bundles {

struct Need {
  std::string subject;  ///< "Spark", "tables".
  std::string summary;  ///< What was found: "table main.wine.red".
  std::string cure;
};

/// Nothing for imports and requirements, which ask for packages.
[[nodiscard]] std::optional<Need> need_of(const PythonFinding& finding);

/// What a kind of task that Sheaf does not run needs: "sql_task" → "a SQL warehouse"; empty for
/// others.
[[nodiscard]] std::string_view need_of_kind(std::string_view kind);

/// Need of a text of a task that names a place of the vendor's storage.
[[nodiscard]] std::optional<Need> need_of_text(std::string_view text);

}  // namespace sheaf::bundles
