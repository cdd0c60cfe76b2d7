#include "tests/sim/texts.h"

namespace sheaf::sim {
namespace {

/// Cuts what stands between the outer brackets at its commas.
std::vector<std::string> members(const std::string& json) {
  std::vector<std::string> found;
  std::string member;
  int depth = 0;
  bool is_quoted = false;
  for (std::size_t at = 1; at + 1 < json.size(); ++at) {
    const char c = json[at];
    is_quoted = is_quoted != (c == '"');
    depth += is_quoted ? 0 : (c == '[' || c == '{' ? 1 : 0) - (c == ']' || c == '}' ? 1 : 0);
    if (c == ',' && depth == 0 && !is_quoted) {
      found.push_back(std::move(member));
      member.clear();
    } else {
      member += c;
    }
  }
  if (!member.empty()) {
    found.push_back(std::move(member));
  }
  return found;
}

}  // namespace

Reference read_reference(const std::string& text) {
  if (!text.starts_with("{{") || !text.ends_with("}}")) {
    return {};
  }
  const std::string path = text.substr(2, text.size() - 4);
  const std::string last = path.substr(path.rfind('.') + 1);
  if (path == "input") {
    return {.kind = Reference::Kind::kInput, .task_key = "", .name = ""};
  }
  if (path.starts_with("input.")) {
    return {.kind = Reference::Kind::kInputField, .task_key = "", .name = last};
  }
  if (path.starts_with("job.parameters.")) {
    return {.kind = Reference::Kind::kJobParameter, .task_key = "", .name = last};
  }
  const std::size_t begin = std::string("tasks.").size();
  return {.kind = Reference::Kind::kTaskValue,
          .task_key = path.substr(begin, path.find(".values.") - begin),
          .name = last};
}

std::string plain(const std::string& json) {
  return json.starts_with('"') ? json.substr(1, json.size() - 2) : json;
}

std::optional<std::vector<std::string>> read_list(const std::string& json) {
  return json.starts_with('[') ? std::optional(members(json)) : std::nullopt;
}

std::optional<std::string> read_field(const std::string& json, const std::string& name) {
  if (!json.starts_with('{')) {
    return std::nullopt;
  }
  const std::string key = "\"" + name + "\":";
  for (const std::string& member : members(json)) {
    if (member.starts_with(key)) {
      return plain(member.substr(key.size()));
    }
  }
  return std::nullopt;
}

}  // namespace sheaf::sim
