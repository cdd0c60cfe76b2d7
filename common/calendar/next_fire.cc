#include "common/calendar/next_fire.h"

#include <algorithm>
#include <string>

namespace sheaf::calendar {
namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::chrono::years kSearchedYears{100};

[[nodiscard]] local_seconds to_local(sys_seconds instant, seconds offset) {
  return local_seconds{instant.time_since_epoch() + offset};
}

[[nodiscard]] sys_seconds to_instant(local_seconds local, seconds offset) {
  return sys_seconds{local.time_since_epoch() - offset};
}

/// One period of constant offset, cut to the instants that are still of interest.
struct Stretch {
  Zone::Period period;
  sys_seconds begin;
  sys_seconds end;

  /// What the clock read, or would have read, at the period's first instant but for the change.
  [[nodiscard]] local_seconds clock_before_change() const {
    return to_local(period.begin, period.offset_before);
  }
  [[nodiscard]] local_seconds clock_after_change() const {
    return to_local(period.begin, period.offset);
  }
  [[nodiscard]] bool begins_with_gap() const { return period.offset > period.offset_before; }
};

/// The first match at `from` or later that the clock shows within the stretch.
[[nodiscard]] std::optional<sys_seconds> shown(const CronExpression& expression,
                                               const Stretch& stretch,
                                               local_seconds from,
                                               local_seconds end) {
  const auto match = expression.next_match(from, end);
  return match ? std::optional(to_instant(*match, stretch.period.offset)) : std::nullopt;
}

[[nodiscard]] std::optional<sys_seconds> next_fixed(const CronExpression& expression,
                                                    const Stretch& stretch) {
  const bool at_change = stretch.begin == stretch.period.begin;
  if (at_change && stretch.begins_with_gap() &&
      expression.next_match(stretch.clock_before_change(), stretch.clock_after_change())) {
    return stretch.begin;
  }
  // After an overlap the clock repeats times that it has shown: begin where it shows new ones.
  const local_seconds from =
      std::max(to_local(stretch.begin, stretch.period.offset), stretch.clock_before_change());
  return shown(expression, stretch, from, to_local(stretch.end, stretch.period.offset));
}

[[nodiscard]] std::optional<sys_seconds> next_elapsed(const CronExpression& expression,
                                                      const Stretch& stretch) {
  const auto on_clock = shown(expression,
                              stretch,
                              to_local(stretch.begin, stretch.period.offset),
                              to_local(stretch.end, stretch.period.offset));
  // The times of the gap on a clock that was not moved.
  const auto in_gap = expression.next_match(
      to_local(stretch.begin, stretch.period.offset_before),
      std::min(stretch.clock_after_change(), to_local(stretch.end, stretch.period.offset_before)));
  if (!in_gap) {
    return on_clock;
  }
  const sys_seconds unmoved = to_instant(*in_gap, stretch.period.offset_before);
  return on_clock ? std::min(*on_clock, unmoved) : unmoved;
}

[[nodiscard]] std::optional<sys_seconds> next_quartz(const CronExpression& expression,
                                                     const Stretch& stretch,
                                                     local_seconds floor) {
  // Times that the next period will show again are left to it.
  const local_seconds end = std::min(to_local(stretch.end, stretch.period.offset),
                                     to_local(stretch.period.end, stretch.period.offset_after));
  const local_seconds from = std::max(to_local(stretch.begin, stretch.period.offset), floor);
  return shown(expression, stretch, from, end);
}

}  // namespace

std::string_view to_string(DaylightSaving rule) {
  return rule == DaylightSaving::kQuartz ? "quartz" : "wall_clock";
}

Result<DaylightSaving> parse_daylight_saving(std::string_view text) {
  for (const DaylightSaving rule : {DaylightSaving::kWallClock, DaylightSaving::kQuartz}) {
    if (text == to_string(rule)) {
      return rule;
    }
  }
  return fail(
      ErrorCode::kInvalid,
      "unknown daylight-saving rule \"" + std::string(text) + "\": write wall_clock or quartz");
}

std::optional<sys_seconds> next_fire(const CronExpression& expression,
                                     const Zone& zone,
                                     DaylightSaving rule,
                                     sys_seconds after) {
  const sys_seconds from = after + seconds{1};
  const sys_seconds end = from + kSearchedYears;
  const std::size_t first = zone.period_index(from);
  const local_seconds floor = to_local(from, zone.period(first).offset);
  for (std::size_t index = first; index < zone.period_count(); ++index) {
    const Zone::Period period = zone.period(index);
    if (period.begin >= end) {
      break;
    }
    const Stretch stretch{
        .period = period, .begin = std::max(from, period.begin), .end = std::min(end, period.end)};
    std::optional<sys_seconds> fire;
    if (rule == DaylightSaving::kQuartz) {
      fire = next_quartz(expression, stretch, floor);
    } else if (expression.follows_elapsed_time()) {
      fire = next_elapsed(expression, stretch);
    } else {
      fire = next_fixed(expression, stretch);
    }
    if (fire) {
      return fire;
    }
  }
  return std::nullopt;
}

}  // namespace sheaf::calendar
