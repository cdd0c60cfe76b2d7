#include "common/calendar/day_rule.h"

namespace sheaf::calendar {
namespace {

constexpr unsigned kSunday = 1;
constexpr unsigned kSaturday = 7;

/// One month, with its days as plain numbers.
struct Month {
  unsigned last_day;
  unsigned first_weekday;  ///< Quartz number of the weekday of day 1.

  explicit Month(std::chrono::year_month month)
      : last_day(static_cast<unsigned>((month / std::chrono::last).day())),
        first_weekday(std::chrono::weekday{std::chrono::local_days{month / std::chrono::day{1}}}
                          .c_encoding() +
                      1) {}

  [[nodiscard]] unsigned weekday(unsigned day) const { return (first_weekday + day - 2) % 7 + 1; }

  [[nodiscard]] ValueSet only(unsigned day) const {
    return day >= 1 && day <= last_day ? ValueSet{1} << day : 0;
  }

  [[nodiscard]] ValueSet nearest_weekday(unsigned day) const {
    if (day < 1 || day > last_day) {
      return 0;
    }
    if (weekday(day) == kSaturday) {
      return only(day == 1 ? 3 : day - 1);
    }
    if (weekday(day) == kSunday) {
      return only(day == last_day ? day - 2 : day + 1);
    }
    return only(day);
  }
};

struct MatchingDays {
  Month month;

  ValueSet operator()(const DaysOfMonth& rule) const {
    const ValueSet existing = (ValueSet{2} << month.last_day) - 2;
    return rule.days & existing;
  }

  ValueSet operator()(const NearestWeekday& rule) const { return month.nearest_weekday(rule.day); }

  ValueSet operator()(const LastDay& rule) const {
    if (rule.days_before >= month.last_day) {
      return 0;
    }
    const unsigned day = month.last_day - rule.days_before;
    return rule.nearest_weekday ? month.nearest_weekday(day) : month.only(day);
  }

  ValueSet operator()(const DaysOfWeek& rule) const {
    ValueSet days = 0;
    for (unsigned day = 1; day <= month.last_day; ++day) {
      days |= (rule.weekdays >> month.weekday(day) & 1) << day;
    }
    return days;
  }

  ValueSet operator()(const LastWeekday& rule) const {
    const unsigned after = (month.weekday(month.last_day) + 7 - rule.weekday) % 7;
    return month.only(month.last_day - after);
  }

  ValueSet operator()(const NthWeekday& rule) const {
    const unsigned first = 1 + (rule.weekday + 7 - month.first_weekday) % 7;
    return month.only(first + 7 * (rule.nth - 1));
  }
};

}  // namespace

ValueSet matching_days(const DayRule& rule, std::chrono::year_month month) {
  return std::visit(MatchingDays{Month{month}}, rule);
}

}  // namespace sheaf::calendar
