// Configuration values as JSON text.
#pragma once

#include <string>

#include "bundles/value.h"

namespace sheaf::bundles {

/// One line, map keys sorted, no spaces. Null members are left out.
[[nodiscard]] std::string to_compact_json(const Value& value);

/// Indented by two spaces, map keys sorted.
[[nodiscard]] std::string to_indented_json(const Value& value);

}  // namespace sheaf::bundles
