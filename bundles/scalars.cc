#include "bundles/scalars.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace sheaf::bundles {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string_view without_sign(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) {
    text.remove_prefix(1);
  }
  return text;
}

bool is_integer(std::string_view text) {
  const std::string_view digits = without_sign(text);
  return !digits.empty() && std::ranges::all_of(digits, is_digit);
}

// [-+]? ( . digits | digits ( . digits* )? ) ( [eE] [-+]? digits )?
bool is_number(std::string_view text) {
  std::string_view rest = without_sign(text);
  const std::size_t exponent = rest.find_first_of("eE");
  if (exponent != std::string_view::npos && !is_integer(rest.substr(exponent + 1))) {
    return false;
  }
  rest = rest.substr(0, exponent);
  const std::size_t dot = rest.find('.');
  const std::string_view whole = rest.substr(0, dot);
  const std::string_view part = dot == std::string_view::npos ? "" : rest.substr(dot + 1);
  return (!whole.empty() || !part.empty()) && std::ranges::all_of(whole, is_digit) &&
         std::ranges::all_of(part, is_digit);
}

bool reads_as_integer(const Value& value) {
  return (value.kind == Kind::kInteger || value.kind == Kind::kString) && is_integer(value.text);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

}  // namespace

Value plain_scalar(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return {};
  }
  if (text == "true" || text == "True" || text == "TRUE") {
    return make_boolean(true);
  }
  if (text == "false" || text == "False" || text == "FALSE") {
    return make_boolean(false);
  }
  Value value = make_string(std::string(text));
  if (is_integer(text)) {
    value.kind = Kind::kInteger;
  } else if (is_number(text)) {
    value.kind = Kind::kNumber;
  }
  return value;
}

std::optional<std::string_view> as_text(const Value& value) {
  return value.is_scalar() ? std::optional<std::string_view>(value.text) : std::nullopt;
}

std::optional<std::int64_t> as_integer(const Value& value) {
  if (!reads_as_integer(value)) {
    return std::nullopt;
  }
  std::string_view digits = value.text;
  if (digits.starts_with('+')) {
    digits.remove_prefix(1);
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> nearest_integer(const Value& value) {
  using Limits = std::numeric_limits<std::int64_t>;
  if (!reads_as_integer(value)) {
    return std::nullopt;
  }
  return as_integer(value).value_or(value.text.starts_with('-') ? Limits::min() : Limits::max());
}

std::optional<bool> as_boolean(const Value& value) {
  if (value.kind != Kind::kBoolean && value.kind != Kind::kString) {
    return std::nullopt;
  }
  const std::string word = lower_case(value.text);
  for (const std::string_view yes : {"true", "yes", "y", "on"}) {
    if (word == yes) {
      return true;
    }
  }
  for (const std::string_view no : {"false", "no", "n", "off"}) {
    if (word == no) {
      return false;
    }
  }
  return std::nullopt;
}

}  // namespace sheaf::bundles
