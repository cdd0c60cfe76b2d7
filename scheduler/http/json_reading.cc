#include "scheduler/http/json_reading.h"

#include <array>
#include <charconv>

#include <boost/json.hpp>

#include "common/base/limits.h"
#include "common/model/strict_json.h"

namespace sheaf::http {
namespace {

Failure wrong_type(std::string_view key, std::string_view expected) {
  return fail(ErrorCode::kInvalid, std::string(key) + ": must be " + std::string(expected));
}

}  // namespace

Result<boost::json::object> parse_json_object(std::string_view text) {
  auto value = model::parse_strict_json(text, limits::kMaxSettingsBytes);
  if (!value) {
    return fail(value.error());
  }
  if (!value->is_object()) {
    return fail(ErrorCode::kInvalid, "the body must be a JSON object");
  }
  return std::move(value->get_object());
}

Result<std::string> optional_string(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) {
    return std::string();
  }
  if (!value->is_string()) {
    return wrong_type(key, "a string");
  }
  return std::string(value->get_string());
}

Result<std::string> required_string(const boost::json::object& object, std::string_view key) {
  auto text = optional_string(object, key);
  if (text && text->empty()) {
    return fail(ErrorCode::kInvalid, std::string(key) + ": is missing");
  }
  return text;
}

Result<std::int64_t> parse_number(std::string_view text, std::string_view what) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0 ||
      number > kMaxPublicId) {
    return wrong_type(what, "a whole number from 0 to 2^53-1");
  }
  return number;
}

Result<std::int64_t> required_id(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) {
    return fail(ErrorCode::kInvalid, std::string(key) + ": is missing");
  }
  if (value->is_int64() || value->is_string()) {
    return parse_number(to_text(*value), key);
  }
  return wrong_type(key, "a whole number from 0 to 2^53-1");
}

std::string to_text(const boost::json::value& value) {
  if (value.is_string()) {
    return std::string(value.get_string());
  }
  if (value.is_double()) {
    // As a person writes it: "0.42", where Boost.JSON says "4.2E-1".
    std::array<char, 32> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), value.get_double()).ptr;
    return {digits.data(), end};
  }
  return boost::json::serialize(value);
}

const boost::json::value* find_path(const boost::json::value& root, std::string_view path) {
  const auto* here = &root;
  while (here != nullptr) {
    const auto dot = path.find('.');
    const auto step = path.substr(0, dot);
    if (here->is_object()) {
      here = here->get_object().if_contains(step);
    } else if (here->is_array()) {
      const auto index = parse_number(step, "index");
      here = index ? here->get_array().if_contains(static_cast<std::size_t>(*index)) : nullptr;
    } else {
      here = nullptr;
    }
    if (dot == std::string_view::npos) {
      break;
    }
    path.remove_prefix(dot + 1);
  }
  return here;
}

}  // namespace sheaf::http
