// JSON as it may come in from outside: with limits, and without what two readers could read
// differently (duplicate keys, text behind the value).
#pragma once

#include <cstddef>
#include <string_view>

#include <boost/json/value.hpp>

#include "common/base/result.h"

namespace sheaf::model {

inline constexpr std::size_t kMaxJsonDepth = 64;

/// The one value that `text` is. Fails with kInvalid (syntax, duplicate key, nested deeper than
/// kMaxJsonDepth) and a message with line and column, or kExhausted when text is longer than
/// `max_bytes`.
[[nodiscard]] Result<boost::json::value> parse_strict_json(std::string_view text,
                                                           std::size_t max_bytes);

}  // namespace sheaf::model
