#include "common/calendar/cron_terms.h"

#include <algorithm>
#include <utility>

namespace sheaf::calendar {
namespace {

/// Stands for every number that no field could hold.
constexpr int kTooLarge = 1'000'000;

[[nodiscard]] std::string bounds(const FieldKind& kind) {
  std::string text = std::to_string(kind.first) + "-" + std::to_string(kind.last);
  if (!kind.names.empty()) {
    text += " or " + std::string(kind.names.front()) + "-" + std::string(kind.names.back());
  }
  return text;
}

/// What stands behind a `/`.
[[nodiscard]] Result<int> parse_step(const FieldKind& kind,
                                     std::string_view term,
                                     std::string_view text) {
  const auto step = whole_number(text);
  if (!step || *step < 1 || *step > kind.max_step) {
    return bad_field(kind,
                     term,
                     "needs a step of 1-" + std::to_string(kind.max_step) + " after '/', not \"" +
                         std::string(text) + "\"");
  }
  return *step;
}

/// `FRI`, `MON-FRI`, and both with a step, which Quartz reads and ignores.
[[nodiscard]] Result<Term> parse_names(const FieldKind& kind, std::string_view term) {
  std::string_view rest = term;
  const auto first = take_name(kind, rest);
  auto last = first;
  if (take(rest, '-')) {
    last = take_name(kind, rest);
  }
  if (!first || !last) {
    return bad_field(kind, term, "holds no known name: write " + bounds(kind));
  }
  if (take(rest, '/')) {
    if (const auto ignored = parse_step(kind, term, rest); !ignored) {
      return fail(ignored.error());
    }
  } else if (!rest.empty()) {
    return bad_field(kind, term, "has \"" + std::string(rest) + "\" after the name");
  }
  return Term{.first = *first, .last = *last, .step = 1};
}

/// `5`, `5-9`, `5/2`, `5-9/2`.
[[nodiscard]] Result<Term> parse_numbers(const FieldKind& kind, std::string_view term) {
  std::string_view rest = term;
  const auto first = take_number(rest);
  auto last = first;
  const bool is_range = take(rest, '-');
  if (is_range) {
    last = take_number(rest);
  }
  if (!first || !last) {
    return bad_field(
        kind, term, "is not a value: write " + bounds(kind) + ", *, a-b, a/n or a list");
  }
  if (!in_bounds(kind, *first) || !in_bounds(kind, *last)) {
    return bad_field(kind, term, "is outside " + bounds(kind));
  }
  if (is_range && *last < *first && !kind.wraps) {
    return bad_field(kind, term, "runs backwards: write the earlier year first");
  }
  if (take(rest, '/')) {
    const auto step = parse_step(kind, term, rest);
    if (!step) {
      return fail(step.error());
    }
    return Term{.first = *first, .last = is_range ? *last : kind.last, .step = *step};
  }
  if (!rest.empty()) {
    return bad_field(kind, term, "has \"" + std::string(rest) + "\" after the number");
  }
  return Term{.first = *first, .last = *last, .step = 1};
}

/// `*`, `*/n`, `/n`, or what parse_numbers and parse_names read.
[[nodiscard]] Result<Term> parse_term(const FieldKind& kind, std::string_view term) {
  if (term == "*") {
    return Term{.first = kind.first, .last = kind.last, .step = 1};
  }
  std::string_view rest = term;
  static_cast<void>(take(rest, '*'));
  if (take(rest, '/')) {
    const auto step = parse_step(kind, term, rest);
    if (!step) {
      return fail(step.error());
    }
    return Term{.first = kind.first, .last = kind.last, .step = *step};
  }
  if (term.empty()) {
    return bad_field(kind, term, "is empty: take away the extra comma");
  }
  if (term == "?") {
    return bad_field(kind, term, "may only stand alone in day-of-month or day-of-week");
  }
  const bool starts_with_letter = term.front() >= 'A' && term.front() <= 'Z';
  return starts_with_letter && !kind.names.empty() ? parse_names(kind, term)
                                                   : parse_numbers(kind, term);
}

}  // namespace

Failure bad_field(const FieldKind& kind, std::string_view text, std::string why) {
  return fail(ErrorCode::kInvalid,
              std::string(kind.name) + ": \"" + std::string(text) + "\" " + std::move(why));
}

std::vector<std::string_view> split(std::string_view text,
                                    std::string_view separators,
                                    bool keep_empty) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find_first_of(separators);
    const std::string_view part = text.substr(0, end);
    if (keep_empty || !part.empty()) {
      parts.push_back(part);
    }
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

bool take(std::string_view& text, char expected) {
  if (!text.starts_with(expected)) {
    return false;
  }
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_number(std::string_view& text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  int value = 0;
  for (const char digit : text.substr(0, digits)) {
    value = std::min(value * 10 + (digit - '0'), kTooLarge);
  }
  text.remove_prefix(digits);
  return digits > 0 ? std::optional(value) : std::nullopt;
}

std::optional<int> whole_number(std::string_view text) {
  const auto value = take_number(text);
  return text.empty() ? value : std::nullopt;
}

std::optional<int> take_name(const FieldKind& kind, std::string_view& text) {
  const auto name = std::ranges::find(kind.names, text.substr(0, 3));
  if (name == kind.names.end()) {
    return std::nullopt;
  }
  text.remove_prefix(3);
  return kind.first + static_cast<int>(name - kind.names.begin());
}

bool in_bounds(const FieldKind& kind, int value) {
  return value >= kind.first && value <= kind.last;
}

Result<std::vector<Term>> parse_terms(const FieldKind& kind, std::string_view text) {
  std::vector<Term> terms;
  for (const std::string_view part : split(text, ",", true)) {
    const Result<Term> term = parse_term(kind, part);
    if (!term) {
      return fail(term.error());
    }
    terms.push_back(*term);
  }
  return terms;
}

ValueSet members(const FieldKind& kind, const Term& term) {
  const int count = kind.last - kind.first + 1;
  const int last = term.last < term.first ? term.last + count : term.last;
  ValueSet set = 0;
  for (int value = term.first; value <= last; value += term.step) {
    set |= ValueSet{1} << (value > kind.last ? value - count : value);
  }
  return set;
}

Result<ValueSet> parse_set(const FieldKind& kind, std::string_view text) {
  const auto terms = parse_terms(kind, text);
  if (!terms) {
    return fail(terms.error());
  }
  ValueSet set = 0;
  for (const Term& term : *terms) {
    set |= members(kind, term);
  }
  return set;
}

}  // namespace sheaf::calendar
