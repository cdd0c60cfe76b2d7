#include "common/calendar/cron_parser.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/calendar/cron_terms.h"

namespace sheaf::calendar {
namespace {

constexpr std::string_view kShape =
    "seconds minutes hours day-of-month month day-of-week [year], e.g. \"0 0 8 * * ?\"";
constexpr std::size_t kFewestFields = 6;
constexpr std::size_t kMostFields = 7;
constexpr unsigned kMaxDaysBeforeLast = 30;
constexpr unsigned kMaxNthWeekday = 5;

[[nodiscard]] std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& letter : result) {
    if (letter >= 'a' && letter <= 'z') {
      letter = static_cast<char>(letter - 'a' + 'A');
    }
  }
  return result;
}

/// Whether a field of hours or minutes says "every so often": see CronFields.
[[nodiscard]] bool recurs(const FieldKind& kind, std::string_view text, ValueSet set) {
  return text.find_first_of("*/") != std::string_view::npos ||
         set == members(kind, {.first = kind.first, .last = kind.last, .step = 1});
}

/// `L`, `LW`, `L-3`, `L-3W`.
[[nodiscard]] Result<DayRule> parse_last_day(std::string_view text) {
  std::string_view rest = text.substr(1);
  LastDay rule;
  if (take(rest, '-')) {
    const auto days = take_number(rest);
    if (!days || *days > static_cast<int>(kMaxDaysBeforeLast)) {
      return bad_field(kDayOfMonth, text, "needs 0-30 days after \"L-\"");
    }
    rule.days_before = static_cast<unsigned>(*days);
  }
  rule.nearest_weekday = take(rest, 'W');
  if (!rest.empty()) {
    return bad_field(kDayOfMonth, text, "is not L, L-n, LW or L-nW");
  }
  return rule;
}

[[nodiscard]] Result<DayRule> parse_nearest_weekday(std::string_view text) {
  const auto day = whole_number(text.substr(0, text.size() - 1));
  if (!day || !in_bounds(kDayOfMonth, *day)) {
    return bad_field(kDayOfMonth, text, "needs one day of 1-31 before W");
  }
  return NearestWeekday{.day = static_cast<unsigned>(*day)};
}

[[nodiscard]] Result<DayRule> parse_day_of_month(std::string_view text) {
  const bool has_special = text.find_first_of("LW") != std::string_view::npos;
  if (has_special && text.find(',') != std::string_view::npos) {
    return bad_field(kDayOfMonth, text, "has L or W in a list: they must stand alone");
  }
  if (text.starts_with('L')) {
    return parse_last_day(text);
  }
  if (text.ends_with('W')) {
    return parse_nearest_weekday(text);
  }
  const auto days = parse_set(kDayOfMonth, text);
  if (!days) {
    return fail(days.error());
  }
  return DaysOfMonth{.days = *days};
}

/// The whole `text` as one weekday, by name or number.
[[nodiscard]] std::optional<unsigned> single_weekday(std::string_view text) {
  std::string_view rest = text;
  auto weekday = take_name(kDayOfWeek, rest);
  if (!weekday) {
    weekday = take_number(rest);
  }
  const bool is_valid = weekday && rest.empty() && in_bounds(kDayOfWeek, *weekday);
  return is_valid ? std::optional(static_cast<unsigned>(*weekday)) : std::nullopt;
}

[[nodiscard]] Result<DayRule> parse_nth_weekday(std::string_view text) {
  const std::size_t mark = text.find('#');
  if (text.find_first_of(",#", mark + 1) != std::string_view::npos ||
      text.find(',') != std::string_view::npos) {
    return bad_field(kDayOfWeek, text, "has # in a list: it must stand alone");
  }
  const auto weekday = single_weekday(text.substr(0, mark));
  const auto nth = whole_number(text.substr(mark + 1));
  if (!weekday || !nth || *nth < 1 || *nth > static_cast<int>(kMaxNthWeekday)) {
    return bad_field(
        kDayOfWeek, text, "is not weekday#n with n of 1-5, e.g. FRI#3 for the third Friday");
  }
  return NthWeekday{.weekday = *weekday, .nth = static_cast<unsigned>(*nth)};
}

[[nodiscard]] Result<DayRule> parse_day_of_week(std::string_view text) {
  if (text.find('#') != std::string_view::npos) {
    return parse_nth_weekday(text);
  }
  if (text == "L") {
    return DaysOfWeek{.weekdays = ValueSet{1} << kDayOfWeek.last};
  }
  if (text.find('L') != std::string_view::npos) {
    if (text.find(',') != std::string_view::npos) {
      return bad_field(kDayOfWeek, text, "has L in a list: it must stand alone");
    }
    const auto weekday = single_weekday(text.substr(0, text.find('L')));
    if (!weekday || !text.ends_with('L')) {
      return bad_field(kDayOfWeek, text, "is not weekdayL, e.g. FRIL for the last Friday");
    }
    return LastWeekday{.weekday = *weekday};
  }
  const auto weekdays = parse_set(kDayOfWeek, text);
  if (!weekdays) {
    return fail(weekdays.error());
  }
  return DaysOfWeek{.weekdays = *weekdays};
}

[[nodiscard]] Result<DayRule> parse_days(std::string_view day_of_month,
                                         std::string_view day_of_week) {
  if ((day_of_month == "?") == (day_of_week == "?")) {
    return fail(ErrorCode::kInvalid,
                "day-of-week: exactly one of day-of-month and day-of-week must be '?', here " +
                    std::string(day_of_month == "?" ? "both are" : "neither is") +
                    "; write '?' for the one that does not matter");
  }
  return day_of_week == "?" ? parse_day_of_month(day_of_month) : parse_day_of_week(day_of_week);
}

[[nodiscard]] Result<std::vector<YearRange>> parse_years(std::string_view text) {
  std::vector<YearRange> years;
  if (text == "*") {
    return years;
  }
  const auto terms = parse_terms(kYear, text);
  if (!terms) {
    return fail(terms.error());
  }
  for (const Term& term : *terms) {
    years.push_back({.first = term.first, .last = term.last, .step = term.step});
  }
  return years;
}

[[nodiscard]] Failure bad_field_count(std::size_t count) {
  std::string cure;
  if (count == kFewestFields - 1) {
    cure = "; a Unix cron line lacks the seconds in front";
  }
  return fail(ErrorCode::kInvalid,
              "a Quartz expression has 6 or 7 fields, this one has " + std::to_string(count) +
                  cure + ": write " + std::string(kShape));
}

/// Stores the value of `result` in `target`, or says what is wrong.
template <typename T>
[[nodiscard]] Result<void> store(Result<T> result, T& target) {
  if (!result) {
    return fail(result.error());
  }
  target = *std::move(result);
  return {};
}

}  // namespace

Result<CronFields> parse_cron_fields(std::string_view text) {
  if (text.size() > kMaxCronBytes) {
    return fail(ErrorCode::kInvalid, "a Quartz expression has at most 1000 characters");
  }
  const std::string upper = upper_case(text);
  const auto parts = split(upper, " \t\r\n", false);
  if (parts.size() < kFewestFields || parts.size() > kMostFields) {
    return bad_field_count(parts.size());
  }
  CronFields fields;
  const std::string_view years = parts.size() == kMostFields ? parts[6] : "*";
  for (const Result<void>& stored : {store(parse_set(kSeconds, parts[0]), fields.seconds),
                                     store(parse_set(kMinutes, parts[1]), fields.minutes),
                                     store(parse_set(kHours, parts[2]), fields.hours),
                                     store(parse_set(kMonth, parts[4]), fields.months),
                                     store(parse_days(parts[3], parts[5]), fields.days),
                                     store(parse_years(years), fields.years)}) {
    if (!stored) {
      return fail(stored.error());
    }
  }
  fields.minutes_recur = recurs(kMinutes, parts[1], fields.minutes);
  fields.hours_recur = recurs(kHours, parts[2], fields.hours);
  return fields;
}

}  // namespace sheaf::calendar
