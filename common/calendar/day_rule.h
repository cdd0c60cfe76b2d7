// Which days of a month a Quartz expression means: either its day-of-month or its day-of-week field
// (the other one is '?'). Values only.
#pragma once

#include <chrono>
#include <cstdint>
#include <variant>

namespace sheaf::calendar {

/// A set of small numbers: bit v stands for value v. Days are 1-31, Quartz weekdays 1-7 (1 is
/// Sunday).
using ValueSet = std::uint64_t;

/// `1,15` or `*`: numbers of days. Months without such a day are skipped.
struct DaysOfMonth {
  ValueSet days = 0;
};

/// `15W`: the weekday (Monday to Friday) nearest to `day` without leaving the month.
struct NearestWeekday {
  unsigned day = 1;
};

/// `L`, `L-3`, `LW`, `L-3W`: counted from the month's last day, then moved to the nearest weekday
/// if asked.
struct LastDay {
  unsigned days_before = 0;
  bool nearest_weekday = false;
};

/// `MON-FRI`: every such weekday.
struct DaysOfWeek {
  ValueSet weekdays = 0;
};

/// `FRIL`: the month's last such weekday.
struct LastWeekday {
  unsigned weekday = 1;
};

/// `FRI#3`: the month's nth such weekday; months without a fifth one are skipped.
struct NthWeekday {
  unsigned weekday = 1;
  unsigned nth = 1;
};

using DayRule =
    std::variant<DaysOfMonth, NearestWeekday, LastDay, DaysOfWeek, LastWeekday, NthWeekday>;

/// The matching days of `month`, all of which exist in it. O(31).
[[nodiscard]] ValueSet matching_days(const DayRule& rule, std::chrono::year_month month);

}  // namespace sheaf::calendar
