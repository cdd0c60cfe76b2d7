#include "common/calendar/cron_expression.h"

#include <algorithm>
#include <bit>

#include "common/calendar/cron_parser.h"

namespace sheaf::calendar {
namespace {

using std::chrono::local_days;
using std::chrono::local_seconds;

constexpr std::chrono::days kOneDay{1};

[[nodiscard]] bool has(ValueSet set, unsigned value) {
  return (set >> value & 1) != 0;
}

/// The smallest member. Requires: there is one.
[[nodiscard]] unsigned first_in(ValueSet set) {
  return static_cast<unsigned>(std::countr_zero(set));
}

/// The smallest member that is at least `from` (0-60).
[[nodiscard]] std::optional<unsigned> next_in(ValueSet set, unsigned from) {
  const ValueSet rest = set >> from;
  if (rest == 0) {
    return std::nullopt;
  }
  return from + first_in(rest);
}

[[nodiscard]] std::chrono::seconds time_of_day(unsigned hour, unsigned minute, unsigned second) {
  return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
}

}  // namespace

Result<CronExpression> CronExpression::parse(std::string_view text) {
  Result<CronFields> fields = parse_cron_fields(text);
  if (!fields) {
    return fail(fields.error());
  }
  return CronExpression(text, *std::move(fields));
}

std::optional<local_seconds> CronExpression::next_match(local_seconds from,
                                                        local_seconds end) const {
  const auto first_day = std::chrono::floor<std::chrono::days>(from);
  const auto end_day = std::chrono::ceil<std::chrono::days>(end);
  std::optional<local_days> day = next_day(first_day, end_day);
  if (day == first_day) {
    if (const auto time = next_time_of_day(from - first_day)) {
      const local_seconds match = first_day + *time;
      return match < end ? std::optional(match) : std::nullopt;
    }
    day = next_day(first_day + kOneDay, end_day);
  }
  if (!day) {
    return std::nullopt;
  }
  const local_seconds match =
      *day +
      time_of_day(first_in(fields_.hours), first_in(fields_.minutes), first_in(fields_.seconds));
  return match < end ? std::optional(match) : std::nullopt;
}

bool CronExpression::has_year(int year) const {
  const auto holds = [year](const YearRange& range) {
    return year >= range.first && year <= range.last && (year - range.first) % range.step == 0;
  };
  return fields_.years.empty() || std::ranges::any_of(fields_.years, holds);
}

std::optional<local_days> CronExpression::next_day(local_days from, local_days end) const {
  const std::chrono::year_month_day date{from};
  auto month = date.year() / date.month();
  auto first = static_cast<unsigned>(date.day());
  for (; local_days{month / std::chrono::day{1}} < end; first = 1) {
    if (!has_year(static_cast<int>(month.year()))) {
      month = (month.year() + std::chrono::years{1}) / std::chrono::January;
      continue;
    }
    const bool month_matches = has(fields_.months, static_cast<unsigned>(month.month()));
    const ValueSet matches = month_matches ? matching_days(fields_.days, month) : 0;
    if (const auto day = next_in(matches, first)) {
      const local_days found{month / std::chrono::day{*day}};
      return found < end ? std::optional(found) : std::nullopt;
    }
    month += std::chrono::months{1};
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> CronExpression::next_time_of_day(
    std::chrono::seconds from) const {
  const auto hour = static_cast<unsigned>(from / std::chrono::hours{1});
  const auto minute = static_cast<unsigned>(from / std::chrono::minutes{1} % 60);
  const auto second = static_cast<unsigned>(from.count() % 60);
  const unsigned first_second = first_in(fields_.seconds);
  if (has(fields_.hours, hour) && has(fields_.minutes, minute)) {
    if (const auto later = next_in(fields_.seconds, second)) {
      return time_of_day(hour, minute, *later);
    }
  }
  if (has(fields_.hours, hour)) {
    if (const auto later = next_in(fields_.minutes, minute + 1)) {
      return time_of_day(hour, *later, first_second);
    }
  }
  if (const auto later = next_in(fields_.hours, hour + 1)) {
    return time_of_day(*later, first_in(fields_.minutes), first_second);
  }
  return std::nullopt;
}

}  // namespace sheaf::calendar
