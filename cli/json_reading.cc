#include "cli/json_reading.h"

namespace sheaf::cli {

std::string text_at(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

std::int64_t number_at(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* number = value != nullptr ? value->if_int64() : nullptr;
  return number != nullptr ? *number : 0;
}

bool flag_at(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* flag = value != nullptr ? value->if_bool() : nullptr;
  return flag != nullptr && *flag;
}

const boost::json::array& array_at(const boost::json::object& object, std::string_view key) {
  static const boost::json::array kNone;
  const auto* value = object.if_contains(key);
  const auto* items = value != nullptr ? value->if_array() : nullptr;
  return items != nullptr ? *items : kNone;
}

const boost::json::object& object_at(const boost::json::object& object, std::string_view key) {
  static const boost::json::object kNone;
  const auto* value = object.if_contains(key);
  const auto* members = value != nullptr ? value->if_object() : nullptr;
  return members != nullptr ? *members : kNone;
}

Result<boost::json::object> parse_object(std::string_view text, std::string_view what) {
  boost::json::error_code error;
  auto value = boost::json::parse(text, error);
  if (error || !value.is_object()) {
    return fail(ErrorCode::kCorrupt,
                std::string(what) + ": " + (error ? error.message() : "not a JSON object"));
  }
  return std::move(value.get_object());
}

}  // namespace sheaf::cli
