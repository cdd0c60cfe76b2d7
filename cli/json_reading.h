// Reading answers of a scheduler: members that may be missing get a default, so that a newer or
// older scheduler does not break the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "common/base/result.h"

namespace sheaf::cli {

/// The member's text, "" when it is missing or no string.
[[nodiscard]] std::string text_at(const boost::json::object& object, std::string_view key);
/// The member's number, 0 when it is missing or no integer.
[[nodiscard]] std::int64_t number_at(const boost::json::object& object, std::string_view key);
[[nodiscard]] bool flag_at(const boost::json::object& object, std::string_view key);
/// The member's items, none when it is missing or no array.
[[nodiscard]] const boost::json::array& array_at(const boost::json::object& object,
                                                 std::string_view key);
/// The member's object, an empty one when it is missing or something else.
[[nodiscard]] const boost::json::object& object_at(const boost::json::object& object,
                                                   std::string_view key);

/// The object that `text` is. Fails with kCorrupt: `what` is named in the message.
[[nodiscard]] Result<boost::json::object> parse_object(std::string_view text,
                                                       std::string_view what);

}  // namespace sheaf::cli
