// A Quartz cron expression as a value: six or seven fields (seconds minutes hours day-of-month
// month day-of-week [year]), parsed once and asked for matching wall-clock times. It knows no zone
// and no clock: next_fire.h turns its local times into instants.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/calendar/day_rule.h"

namespace sheaf::calendar {

/// Years `first`, `first + step`, … up to and including `last`.
struct YearRange {
  int first = 0;
  int last = 0;
  int step = 1;
};

/// The fields of a parsed expression.
struct CronFields {
  ValueSet seconds = 0;
  ValueSet minutes = 0;
  ValueSet hours = 0;
  ValueSet months = 0;
  DayRule days;
  std::vector<YearRange> years;  ///< Empty: every year.
  bool minutes_recur = false;    ///< The field is `*`, has a `/`, or names every value.
  bool hours_recur = false;
};

class CronExpression {
 public:
  /// Fails with kInvalid; the message names the field, what is wrong and what to write instead.
  [[nodiscard]] static Result<CronExpression> parse(std::string_view text);

  /// The expression as it was written.
  [[nodiscard]] const std::string& text() const { return text_; }

  /// True when hours or minutes recur (`*`, `/` or every value), so that the schedule means "every
  /// so often" rather than "at this hour". DaylightSaving::kWallClock treats the two differently.
  [[nodiscard]] bool follows_elapsed_time() const {
    return fields_.minutes_recur || fields_.hours_recur;
  }

  /// The first matching wall-clock time in [`from`, `end`). O(months in between).
  [[nodiscard]] std::optional<std::chrono::local_seconds> next_match(
      std::chrono::local_seconds from, std::chrono::local_seconds end) const;

 private:
  CronExpression(std::string_view text, CronFields fields)
      : text_(text), fields_(std::move(fields)) {}

  [[nodiscard]] bool has_year(int year) const;
  [[nodiscard]] std::optional<std::chrono::local_days> next_day(std::chrono::local_days from,
                                                                std::chrono::local_days end) const;
  [[nodiscard]] std::optional<std::chrono::seconds> next_time_of_day(
      std::chrono::seconds from) const;

  std::string text_;
  CronFields fields_;
};

}  // namespace sheaf::calendar
