#include "cli/profile.h"

namespace sheaf::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return trimmed(line);
}

}  // namespace

Result<std::optional<std::string>> host_of_profile(std::string_view text, std::string_view name) {
  bool is_found = false;
  bool is_inside = false;
  std::optional<std::string> host;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.starts_with('[') && line.ends_with(']')) {
      is_inside = trimmed(line.substr(1, line.size() - 2)) == name;
      is_found = is_found || is_inside;
      continue;
    }
    const auto equals = line.find('=');
    const bool is_comment = line.starts_with('#') || line.starts_with(';');
    if (!is_inside || is_comment || equals == std::string_view::npos ||
        trimmed(line.substr(0, equals)) != "host") {
      continue;
    }
    if (const auto value = trimmed(line.substr(equals + 1)); !value.empty()) {
      host = std::string(value);
    }
  }
  if (!is_found) {
    return fail(ErrorCode::kNotFound, "there is no profile `" + std::string(name) + "`");
  }
  return host;
}

}  // namespace sheaf::cli
