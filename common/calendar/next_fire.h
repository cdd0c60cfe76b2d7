// From wall-clock times to instants: when an expression fires in a zone, through daylight-saving
// changes. docs/schedules.md tells users the rules; docs/decisions/0003-daylight-saving.md says why
// these.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "common/base/result.h"
#include "common/calendar/cron_expression.h"
#include "common/calendar/zone.h"

namespace sheaf::calendar {

/// What happens to wall-clock times that a zone skips (a gap) or shows twice (an overlap).
enum class DaylightSaving {
  /// Never skips and never doubles a fixed time: all that fall in one gap fire once at its end, in
  /// an
  /// overlap only the first occurrence fires. An expression that follows_elapsed_time() instead
  /// fires in
  /// both passes of an overlap, and its times in a gap fire as if the clock had not been moved.
  kWallClock,
  /// As Quartz on java.util.Calendar: a time in a gap is skipped, in an overlap only the second
  /// occurrence
  /// fires, and an `after` within the first pass skips the rest of that pass.
  kQuartz,
};

/// "wall_clock" or "quartz".
[[nodiscard]] std::string_view to_string(DaylightSaving rule);

/// The rule of that name; fails with kInvalid and names the two.
[[nodiscard]] Result<DaylightSaving> parse_daylight_saving(std::string_view text);

/// The first instant strictly after `after` at which `expression` fires in `zone`, or nothing when
/// there is none within 100 years: it will never fire.
///
/// Pure. O(months between the two instants), at most 1,200.
[[nodiscard]] std::optional<std::chrono::sys_seconds> next_fire(const CronExpression& expression,
                                                                const Zone& zone,
                                                                DaylightSaving rule,
                                                                std::chrono::sys_seconds after);

}  // namespace sheaf::calendar
