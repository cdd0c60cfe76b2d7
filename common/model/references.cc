#include "common/model/references.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "common/base/check.h"
#include "common/model/reference_names.h"

namespace sheaf::model {
namespace {

// No reference is longer: this keeps a text of open braces from being read again and again.
constexpr std::size_t kMaxReferenceBytes = 1'024;

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

// Position of the "}}" that closes the reference whose content begins at `begin`; names in
// backticks may hold braces.
std::size_t find_end(std::string_view text, std::size_t begin) {
  bool is_quoted = false;
  const std::size_t last = std::min(text.size(), begin + kMaxReferenceBytes);
  for (std::size_t i = begin; i + 1 < last; ++i) {
    if (text[i] == '`') {
      is_quoted = !is_quoted;
    }
    if (!is_quoted && text[i] == '}' && text[i + 1] == '}') {
      return i;
    }
  }
  return std::string_view::npos;
}

// What begins with "{{" at `begin`; nothing when it is no reference.
Result<std::optional<Reference>> parse_one(std::string_view text, std::size_t begin) {
  const std::size_t end = find_end(text, begin + 2);
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view content = trimmed(text.substr(begin + 2, end - begin - 2));
  if (content.starts_with("secrets/")) {
    return fail(ErrorCode::kUnsupported,
                "the reference {{" + std::string(content) +
                    "}} has no value here: Sheaf keeps no secrets for tasks");
  }
  Result<std::optional<Reference>> reference = recognise_reference(split_segments(content));
  if (reference && *reference) {
    (*reference)->offset = begin;
    (*reference)->length = end + 2 - begin;
  }
  return reference;
}

std::string two_digits(unsigned number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

Result<std::vector<Reference>> parse_references(std::string_view text) {
  std::vector<Reference> references;
  std::size_t position = 0;
  while ((position = text.find("{{", position)) != std::string_view::npos) {
    Result<std::optional<Reference>> reference = parse_one(text, position);
    if (!reference) {
      return fail(reference.error());
    }
    if (!*reference) {
      ++position;  // "{{{job.id}}}" is a reference in braces.
      continue;
    }
    position += (*reference)->length;
    references.push_back(std::move(**reference));
  }
  return references;
}

bool is_of_run(Reference::Kind kind) {
  switch (kind) {
    case Reference::Kind::kJobId:
    case Reference::Kind::kJobName:
    case Reference::Kind::kJobRunId:
    case Reference::Kind::kJobRepairCount:
    case Reference::Kind::kJobStartTime:
    case Reference::Kind::kTriggerTime:
    case Reference::Kind::kTriggerType:
      return true;
    case Reference::Kind::kJobParameter:
    case Reference::Kind::kTaskName:
    case Reference::Kind::kTaskRunId:
    case Reference::Kind::kTaskExecutionCount:
    case Reference::Kind::kTaskRetryCount:
    case Reference::Kind::kTaskNotebookPath:
    case Reference::Kind::kUpstreamRunId:
    case Reference::Kind::kUpstreamResultState:
    case Reference::Kind::kUpstreamErrorCode:
    case Reference::Kind::kUpstreamExecutionCount:
    case Reference::Kind::kUpstreamNotebookPath:
    case Reference::Kind::kTaskValue:
    case Reference::Kind::kInput:
      return false;
  }
  check_failed(__FILE__, __LINE__, "kind", "not a reference kind");
}

std::string render_time(Timestamp instant, TimePart part) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(instant - day));
  const unsigned weekday = std::chrono::weekday(day).iso_encoding();
  const auto hour = static_cast<unsigned>(time.hours().count());
  const auto minute = static_cast<unsigned>(time.minutes().count());
  const auto second = static_cast<unsigned>(time.seconds().count());
  const std::string iso_date = std::to_string(static_cast<int>(date.year())) + "-" +
                               two_digits(static_cast<unsigned>(date.month())) + "-" +
                               two_digits(static_cast<unsigned>(date.day()));
  switch (part) {
    case TimePart::kIsoWeekday:
      return std::to_string(weekday);
    case TimePart::kIsWeekday:
      return weekday <= 5 ? "true" : "false";
    case TimePart::kIsoDate:
      return iso_date;
    case TimePart::kIsoDatetime:
      return iso_date + "T" + two_digits(hour) + ":" + two_digits(minute) + ":" +
             two_digits(second) + "Z";
    case TimePart::kYear:
      return std::to_string(static_cast<int>(date.year()));
    case TimePart::kMonth:
      return std::to_string(static_cast<unsigned>(date.month()));
    case TimePart::kDay:
      return std::to_string(static_cast<unsigned>(date.day()));
    case TimePart::kHour:
      return std::to_string(hour);
    case TimePart::kMinute:
      return std::to_string(minute);
    case TimePart::kSecond:
      return std::to_string(second);
    case TimePart::kTimestampMs:
      return std::to_string(to_epoch_ms(instant));
  }
  check_failed(__FILE__, __LINE__, "part", "not a TimePart");
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
