#include "common/model/for_each_inputs.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "common/base/limits.h"
#include "common/model/nearest.h"
#include "common/model/references.h"
#include "common/model/strict_json.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

constexpr std::string_view kSpaces = " \t\n\r";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kSpaces);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

// Requires: `text` begins with a quote and is valid JSON. Up to and with the closing one.
std::size_t string_length(std::string_view text) {
  std::size_t at = 1;
  while (text[at] != '"') {
    at += text[at] == '\\' ? 2 : 1;
  }
  return at + 1;
}

// Cuts what stands between the outer brackets of a valid JSON list or map at its commas.
std::vector<std::string_view> split_members(std::string_view text) {
  std::string_view rest = trimmed(trimmed(text).substr(1));
  rest.remove_suffix(1);
  rest = trimmed(rest);
  std::vector<std::string_view> members;
  std::size_t depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    switch (rest[at]) {
      case '"':
        at += string_length(rest.substr(at)) - 1;
        break;
      case '[':
      case '{':
        ++depth;
        break;
      case ']':
      case '}':
        --depth;
        break;
      case ',':
        if (depth == 0) {
          members.push_back(trimmed(rest.substr(begin, at - begin)));
          begin = at + 1;
        }
        break;
      default:
        break;
    }
  }
  if (!rest.empty()) {
    members.push_back(trimmed(rest.substr(begin)));
  }
  return members;
}

struct InputMember {
  std::string key;
  std::string_view value;
};

InputMember split_member(std::string_view member) {
  const std::size_t length = string_length(member);
  const std::string_view rest = trimmed(member.substr(length));
  return {.key = render_task_value(member.substr(0, length)), .value = trimmed(rest.substr(1))};
}

}  // namespace

Result<std::vector<std::string>> parse_inputs(std::string_view text) {
  const Result<json::value> parsed = parse_strict_json(text, limits::kMaxSettingsBytes);
  if (!parsed) {
    return fail(parsed.error().code, "the inputs are no JSON array: " + parsed.error().message);
  }
  if (!parsed->is_array()) {
    return fail(ErrorCode::kInvalid, "the inputs are no JSON array");
  }
  const std::vector<std::string_view> members = split_members(text);
  if (members.size() > limits::kMaxIterations) {
    return fail(ErrorCode::kExhausted,
                std::to_string(members.size()) + " inputs are more than the " +
                    std::to_string(limits::kMaxIterations) + " allowed");
  }
  return std::vector<std::string>(members.begin(), members.end());
}

Result<std::string> parse_input_line(std::string_view line) {
  const Result<json::value> parsed = parse_strict_json(line, limits::kMaxSettingsBytes);
  if (!parsed) {
    return fail(ErrorCode::kInvalid, "the line holds no JSON value: " + parsed.error().message);
  }
  return std::string(trimmed(line));
}

Result<std::string> render_input(std::string_view element, std::string_view key) {
  const std::string_view text = trimmed(element);
  if (key.empty()) {
    return render_task_value(text);
  }
  if (!text.starts_with('{')) {
    return fail(ErrorCode::kInvalid,
                "the input is no map, so that there is no {{input." + std::string(key) + "}}");
  }
  std::vector<std::string> known;
  for (const std::string_view member : split_members(text)) {
    const InputMember found = split_member(member);
    if (found.key == key) {
      return render_task_value(found.value);
    }
    known.push_back(found.key);
  }
  return fail(
      ErrorCode::kInvalid,
      "the input has no key \"" + std::string(key) + "\"" + did_you_mean(std::string(key), known));
}

}  // namespace sheaf::model
