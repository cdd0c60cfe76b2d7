// What plain YAML scalars mean, and the lenient conversions between scalar kinds that real bundles
// need.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "bundles/value.h"

namespace sheaf::bundles {

/// By YAML's core schema: null, true, false, integers, numbers; all else is a string.
[[nodiscard]] Value plain_scalar(std::string_view text);

/// Scalars as text; nothing for null, lists and maps.
[[nodiscard]] std::optional<std::string_view> as_text(const Value& value);

/// Integers and strings that hold one.
[[nodiscard]] std::optional<std::int64_t> as_integer(const Value& value);

/// As as_integer(), but what does not fit into 64 bits is the nearest number that does.
[[nodiscard]] std::optional<std::int64_t> nearest_integer(const Value& value);

/// true/false, y/n, yes/no, on/off, in any of the usual cases.
[[nodiscard]] std::optional<bool> as_boolean(const Value& value);

}  // namespace sheaf::bundles
