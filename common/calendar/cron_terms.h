// What the fields of a cron expression are made of: numbers, names, ranges, steps and lists.
// Internal to common/calendar. All text is in capitals already; every failure is kInvalid and names
// its field.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/calendar/day_rule.h"

namespace sheaf::calendar {

inline constexpr std::array<std::string_view, 12> kMonthNames{
    "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
inline constexpr std::array<std::string_view, 7> kWeekdayNames{
    "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

/// What one field may hold. Names stand for `first`, `first + 1`, …
struct FieldKind {
  std::string_view name;
  int first;
  int last;
  int max_step;
  bool wraps = true;  ///< Whether a range may run over `last` to `first`.
  std::span<const std::string_view> names;
};

inline constexpr FieldKind kSeconds{.name = "seconds", .first = 0, .last = 59, .max_step = 59};
inline constexpr FieldKind kMinutes{.name = "minutes", .first = 0, .last = 59, .max_step = 59};
inline constexpr FieldKind kHours{.name = "hours", .first = 0, .last = 23, .max_step = 23};
inline constexpr FieldKind kDayOfMonth{
    .name = "day-of-month", .first = 1, .last = 31, .max_step = 31};
inline constexpr FieldKind kMonth{
    .name = "month", .first = 1, .last = 12, .max_step = 12, .names = kMonthNames};
inline constexpr FieldKind kDayOfWeek{
    .name = "day-of-week", .first = 1, .last = 7, .max_step = 7, .names = kWeekdayNames};
inline constexpr FieldKind kYear{
    .name = "year", .first = 1970, .last = 9999, .max_step = 9999, .wraps = false};

/// One term of a list: `first`, `first + step`, … up to `last`; wraps around when `last < first`.
struct Term {
  int first;
  int last;
  int step;
};

/// `<field>: "<text>" <why>`.
[[nodiscard]] Failure bad_field(const FieldKind& kind, std::string_view text, std::string why);

/// Splits at any of `separators`. `keep_empty` says whether two in a row enclose an empty part.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text,
                                                  std::string_view separators,
                                                  bool keep_empty);

/// Takes `expected` from the front of `text`, if it stands there.
[[nodiscard]] bool take(std::string_view& text, char expected);

/// Takes a number without sign from the front; a huge one is out of the bounds of every field.
[[nodiscard]] std::optional<int> take_number(std::string_view& text);

/// A whole text that is one number.
[[nodiscard]] std::optional<int> whole_number(std::string_view text);

/// Takes a name of `kind` from the front.
[[nodiscard]] std::optional<int> take_name(const FieldKind& kind, std::string_view& text);

[[nodiscard]] bool in_bounds(const FieldKind& kind, int value);

/// `term,term,…`: see the grammar in docs/schedules.md.
[[nodiscard]] Result<std::vector<Term>> parse_terms(const FieldKind& kind, std::string_view text);

/// Requires: `kind.last < 64`.
[[nodiscard]] ValueSet members(const FieldKind& kind, const Term& term);

/// The members of all terms; at least one.
[[nodiscard]] Result<ValueSet> parse_set(const FieldKind& kind, std::string_view text);

}  // namespace sheaf::calendar
