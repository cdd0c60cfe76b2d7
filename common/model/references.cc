#include "common/model/references.h"

#include <array>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "common/model/nearest.h"

namespace sheaf::model {
namespace {

constexpr std::string_view kKnown =
    "{{job.id}}, {{job.run_id}}, {{job.trigger.type}}, {{job.parameters.<name>}}, "
    "{{tasks.<key>.values.<name>}}";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_space(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

// Takes one segment off the front of `rest`: a plain name, `quoted` or [bracketed].
std::optional<std::string> take_segment(std::string_view& rest) {
  if (rest.empty()) {
    return std::nullopt;
  }
  if (rest.front() == '`' || rest.front() == '[') {
    const std::size_t end = rest.find(rest.front() == '`' ? '`' : ']', 1);
    if (end == std::string_view::npos || end == 1) {
      return std::nullopt;
    }
    std::string segment(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    return segment;
  }
  std::size_t length = 0;
  while (length < rest.size() && is_name_character(rest[length])) {
    ++length;
  }
  if (length == 0) {
    return std::nullopt;
  }
  std::string segment(rest.substr(0, length));
  rest.remove_prefix(length);
  return segment;
}

// Empty when the text is no dotted path.
std::vector<std::string> split_segments(std::string_view rest) {
  std::vector<std::string> segments;
  while (true) {
    std::optional<std::string> segment = take_segment(rest);
    if (!segment) {
      return {};
    }
    segments.push_back(std::move(*segment));
    if (rest.empty()) {
      return segments;
    }
    if (rest.front() != '.') {
      return {};
    }
    rest.remove_prefix(1);
  }
}

std::optional<Reference> recognise(const std::vector<std::string>& segments) {
  const std::size_t count = segments.size();
  if (count == 0) {
    return std::nullopt;
  }
  if (segments[0] == "job" && count == 2 && segments[1] == "id") {
    return Reference{.kind = Reference::Kind::kJobId};
  }
  if (segments[0] == "job" && count == 2 && segments[1] == "run_id") {
    return Reference{.kind = Reference::Kind::kJobRunId};
  }
  if (segments[0] == "job" && count == 3 && segments[1] == "trigger" && segments[2] == "type") {
    return Reference{.kind = Reference::Kind::kTriggerType};
  }
  if (segments[0] == "job" && count == 3 && segments[1] == "parameters") {
    return Reference{.kind = Reference::Kind::kJobParameter, .name = segments[2]};
  }
  if (segments[0] == "tasks" && count == 4 && segments[2] == "values") {
    return Reference{
        .kind = Reference::Kind::kTaskValue, .task_key = segments[1], .name = segments[3]};
  }
  return std::nullopt;
}

// What the writer may have meant: the known reference nearest to the misspelt one.
std::string suggestion(const std::vector<std::string>& segments) {
  if (segments.size() < 2) {
    return {};
  }
  std::string written;
  for (const std::string& segment : segments) {
    written += (written.empty() ? "" : ".") + segment;
  }
  std::vector<std::string> candidates = {"job.id", "job.run_id", "job.trigger.type"};
  if (segments.size() == 3) {
    candidates.push_back("job.parameters." + segments[2]);
  }
  if (segments.size() == 4) {
    candidates.push_back("tasks." + segments[1] + ".values." + segments[3]);
  }
  const std::string nearest = nearest_name(written, candidates);
  return nearest.empty() ? std::string() : "; did you mean {{" + nearest + "}}?";
}

// Position of the "}}" that closes the reference whose content begins at `begin`; names in
// backticks may hold braces.
std::size_t find_end(std::string_view text, std::size_t begin) {
  bool is_quoted = false;
  for (std::size_t i = begin; i + 1 < text.size(); ++i) {
    if (text[i] == '`') {
      is_quoted = !is_quoted;
    }
    if (!is_quoted && text[i] == '}' && text[i + 1] == '}') {
      return i;
    }
  }
  return std::string_view::npos;
}

Result<Reference> parse_one(std::string_view text, std::size_t begin) {
  const std::size_t end = find_end(text, begin + 2);
  if (end == std::string_view::npos) {
    return fail(
        ErrorCode::kInvalid,
        "\"" + std::string(text.substr(begin, 40)) + "\" opens a reference that no }} closes");
  }
  const std::string_view content = trimmed(text.substr(begin + 2, end - begin - 2));
  const std::vector<std::string> segments = split_segments(content);
  std::optional<Reference> reference = recognise(segments);
  if (!reference) {
    return fail(
        ErrorCode::kUnsupported,
        "the reference {{" + std::string(content) + "}} is not supported" + suggestion(segments));
  }
  reference->offset = begin;
  reference->length = end + 2 - begin;
  return std::move(*reference);
}

}  // namespace

std::string_view known_references() {
  return kKnown;
}

Result<std::vector<Reference>> parse_references(std::string_view text) {
  std::vector<Reference> references;
  std::size_t position = 0;
  while ((position = text.find("{{", position)) != std::string_view::npos) {
    Result<Reference> reference = parse_one(text, position);
    if (!reference) {
      return fail(reference.error());
    }
    position += reference->length;
    references.push_back(std::move(*reference));
  }
  return references;
}

Result<std::string> resolve_references(
    std::string_view text, const std::function<Result<std::string>(const Reference&)>& look_up) {
  const Result<std::vector<Reference>> references = parse_references(text);
  if (!references) {
    return fail(references.error());
  }
  std::string resolved;
  std::size_t position = 0;
  for (const Reference& reference : *references) {
    resolved += text.substr(position, reference.offset - position);
    const Result<std::string> value = look_up(reference);
    if (!value) {
      return fail(value.error());
    }
    resolved += *value;
    position = reference.offset + reference.length;
  }
  resolved += text.substr(position);
  return resolved;
}

std::string render_task_value(std::string_view json) {
  const std::string_view text = trimmed(json);
  if (text.empty() || text.front() != '"') {
    return std::string(text);
  }
  boost::system::error_code error;
  const boost::json::value value =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), error);
  if (error || !value.is_string()) {
    return std::string(text);
  }
  return std::string(value.get_string().data(), value.get_string().size());
}

}  // namespace sheaf::model
