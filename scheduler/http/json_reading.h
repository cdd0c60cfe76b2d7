// Reading JSON that somebody else wrote: with errors that name the place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "common/base/id.h"
#include "common/base/result.h"

namespace sheaf::http {

/// The one object that a text is; strict and bounded as model::parse_strict_json.
[[nodiscard]] Result<boost::json::object> parse_json_object(std::string_view text);

/// The string at `key`; "" when it is absent or null. Fails with kInvalid on another type.
[[nodiscard]] Result<std::string> optional_string(const boost::json::object& object,
                                                  std::string_view key);
/// The non-empty string at `key`.
[[nodiscard]] Result<std::string> required_string(const boost::json::object& object,
                                                  std::string_view key);

/// Decimal digits as a number from 0 to 2^53-1. Fails with kInvalid, naming `what`.
[[nodiscard]] Result<std::int64_t> parse_number(std::string_view text, std::string_view what);

/// The id at `key`: a number, or digits in a string.
[[nodiscard]] Result<std::int64_t> required_id(const boost::json::object& object,
                                               std::string_view key);

/// How a JSON value reads as text: strings as they are, numbers with the fewest digits that say
/// them, everything else as JSON.
[[nodiscard]] std::string to_text(const boost::json::value& value);

/// The value at a dotted path ("alerts.0.labels.severity"; digits index arrays), or nullptr.
[[nodiscard]] const boost::json::value* find_path(const boost::json::value& root,
                                                  std::string_view path);

}  // namespace sheaf::http
