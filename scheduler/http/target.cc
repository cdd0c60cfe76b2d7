#include "scheduler/http/target.h"

#include <algorithm>

namespace sheaf::http {
namespace {

constexpr std::size_t kMaxNameBytes = 1'024;

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return static_cast<unsigned>(c - '0');
  }
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned>(lower - 'a') + 10u;
  }
  return std::nullopt;
}

std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < 3) {
    return std::nullopt;
  }
  const auto high = hex_digit(text[1]);
  const auto low = hex_digit(text[2]);
  if (!high || !low) {
    return std::nullopt;
  }
  return static_cast<char>(*high * 16 + *low);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F;
}

Result<std::pair<std::string, std::string>> parse_argument(std::string_view text) {
  const auto equals = text.find('=');
  auto name = decode_percent(text.substr(0, equals), PlusSign::kIsSpace);
  if (!name) {
    return fail(name.error());
  }
  auto value = decode_percent(
      equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1),
      PlusSign::kIsSpace);
  if (!value) {
    return fail(value.error());
  }
  return std::pair{std::move(*name), std::move(*value)};
}

Result<Query> parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto piece = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (piece.empty()) {
      continue;
    }
    auto argument = parse_argument(piece);
    if (!argument) {
      return fail(argument.error());
    }
    const auto is_same = [&](const auto& other) { return other.first == argument->first; };
    if (std::any_of(query.begin(), query.end(), is_same)) {
      return fail(ErrorCode::kInvalid, "query argument " + argument->first + " is given twice");
    }
    query.push_back(std::move(*argument));
  }
  return query;
}

}  // namespace

std::optional<std::string_view> Target::argument(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

Result<std::string> decode_percent(std::string_view text, PlusSign plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == PlusSign::kIsSpace) {
      decoded += ' ';
      continue;
    }
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = escaped_byte(text.substr(i));
    if (!byte) {
      return fail(ErrorCode::kInvalid, "broken percent escape in the URL");
    }
    decoded += *byte;
    i += 2;
  }
  return decoded;
}

Result<Target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/') {
    return fail(ErrorCode::kInvalid, "the request target must be a path");
  }
  if (std::any_of(text.begin(), text.end(), is_control) ||
      text.find_first_of("# ") != std::string_view::npos) {
    return fail(ErrorCode::kInvalid, "the request target holds a character that must be escaped");
  }
  Target target;
  const auto question = text.find('?');
  std::string_view path =
      text.substr(1, question == std::string_view::npos ? question : question - 1);
  for (;;) {
    const auto slash = path.find('/');
    target.raw_segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) {
      break;
    }
    path.remove_prefix(slash + 1);
  }
  if (question != std::string_view::npos) {
    auto query = parse_query(text.substr(question + 1));
    if (!query) {
      return fail(query.error());
    }
    target.query = std::move(*query);
  }
  return target;
}

Result<std::string> decode_name(std::string_view segment) {
  auto name = decode_percent(segment, PlusSign::kIsPlus);
  if (!name) {
    return name;
  }
  const bool is_path =
      name->find_first_of("/\\") != std::string::npos || *name == "." || *name == "..";
  if (name->empty() || name->size() > kMaxNameBytes || is_path ||
      std::any_of(name->begin(), name->end(), is_control)) {
    return fail(ErrorCode::kInvalid, "not a name: a part of the URL's path");
  }
  return name;
}

}  // namespace sheaf::http
