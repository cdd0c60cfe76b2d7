#include "common/calendar/posix_rule.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

namespace sheaf::calendar {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

enum class DayKind {
  kMonthWeekWeekday,  ///< Mm.w.d: the w-th (5: last) weekday d of month m.
  kWithoutLeapDay,    ///< Jn: 1-365, 29 February is never counted.
  kWithLeapDay,       ///< n: 0-365.
};

/// A day of every year, and the local time on it.
struct YearlyTime {
  DayKind kind = DayKind::kWithLeapDay;
  unsigned month = 1;
  unsigned week = 1;
  unsigned number = 0;  ///< Weekday or day of the year.
  seconds time{std::chrono::hours{2}};
};

struct DaylightRule {
  seconds standard;
  seconds daylight;
  YearlyTime start;
  YearlyTime end;
};

/// Reads a rule from the left; after the first failure everything fails.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool at_end() const { return text_.empty(); }

  [[nodiscard]] bool take(char expected) {
    if (failed_ || text_.empty() || text_.front() != expected) {
      return false;
    }
    text_.remove_prefix(1);
    return true;
  }

  void require(char expected) {
    if (!take(expected)) {
      failed_ = true;
    }
  }

  /// `CEST` or `<+1030>`.
  void skip_abbreviation() {
    if (take('<')) {
      text_.remove_prefix(std::min(text_.find('>'), text_.size()));
      require('>');
      return;
    }
    const auto is_letter = [](char letter) {
      return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z');
    };
    const auto end = std::ranges::find_if_not(text_, is_letter);
    const auto length = static_cast<std::size_t>(end - text_.begin());
    failed_ = failed_ || length < 3;
    text_.remove_prefix(length);
  }

  [[nodiscard]] unsigned number(unsigned low, unsigned high) {
    unsigned value = 0;
    const auto [stop, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc{} || value < low || value > high) {
      failed_ = true;
      return low;
    }
    text_.remove_prefix(static_cast<std::size_t>(stop - text_.data()));
    return value;
  }

  /// `[+-]h[h][h][:mm[:ss]]`.
  [[nodiscard]] seconds time() {
    const bool is_negative = take('-');
    if (!is_negative) {
      static_cast<void>(take('+'));
    }
    seconds value = std::chrono::hours{number(0, 167)};
    if (take(':')) {
      value += std::chrono::minutes{number(0, 59)};
      if (take(':')) {
        value += seconds{number(0, 59)};
      }
    }
    return is_negative ? -value : value;
  }

  [[nodiscard]] YearlyTime yearly_time() {
    YearlyTime result;
    if (take('M')) {
      result.kind = DayKind::kMonthWeekWeekday;
      result.month = number(1, 12);
      require('.');
      result.week = number(1, 5);
      require('.');
      result.number = number(0, 6);
    } else if (take('J')) {
      result.kind = DayKind::kWithoutLeapDay;
      result.number = number(1, 365);
    } else {
      result.number = number(0, 365);
    }
    if (take('/')) {
      result.time = time();
    }
    return result;
  }

 private:
  std::string_view text_;
  bool failed_ = false;
};

/// Nothing when the zone has no daylight saving; look at `reader.failed()` afterwards.
[[nodiscard]] std::optional<DaylightRule> read_rule(Reader& reader) {
  DaylightRule rule{};
  reader.skip_abbreviation();
  rule.standard = -reader.time();
  if (reader.at_end()) {
    return std::nullopt;
  }
  reader.skip_abbreviation();
  rule.daylight = rule.standard + std::chrono::hours{1};
  if (!reader.take(',')) {
    rule.daylight = -reader.time();
    reader.require(',');
  }
  rule.start = reader.yearly_time();
  reader.require(',');
  rule.end = reader.yearly_time();
  return rule;
}

[[nodiscard]] sys_days day_in(const YearlyTime& rule, year in) {
  const sys_days new_year{in / 1 / 1};
  switch (rule.kind) {
    case DayKind::kMonthWeekWeekday: {
      const std::chrono::weekday weekday{rule.number};
      const auto month = in / std::chrono::month{rule.month};
      return rule.week == 5 ? sys_days{month / weekday[std::chrono::last]}
                            : sys_days{month / weekday[rule.week]};
    }
    case DayKind::kWithoutLeapDay: {
      const bool after_leap_day = in.is_leap() && rule.number >= 60;
      return new_year + std::chrono::days{rule.number - (after_leap_day ? 0 : 1)};
    }
    case DayKind::kWithLeapDay:
      return new_year + std::chrono::days{rule.number};
  }
  return new_year;
}

[[nodiscard]] sys_seconds instant_in(const YearlyTime& rule, year in, seconds offset) {
  return sys_seconds{day_in(rule, in)} + rule.time - offset;
}

}  // namespace

Result<std::vector<Transition>> transitions_of_rule(std::string_view rule, year first) {
  Reader reader(rule);
  const auto daylight = read_rule(reader);
  if (reader.failed() || !reader.at_end()) {
    return fail(ErrorCode::kCorrupt, "\"" + std::string(rule) + "\" is no POSIX zone rule");
  }
  std::vector<Transition> transitions;
  if (!daylight) {
    return transitions;
  }
  for (year in = first; in <= kLastZoneYear; ++in) {
    Transition earlier{.at = instant_in(daylight->start, in, daylight->standard),
                       .offset = daylight->daylight};
    Transition later{.at = instant_in(daylight->end, in, daylight->daylight),
                     .offset = daylight->standard};
    if (later.at < earlier.at) {
      std::swap(earlier, later);
    }
    transitions.push_back(earlier);
    transitions.push_back(later);
  }
  return transitions;
}

}  // namespace sheaf::calendar
