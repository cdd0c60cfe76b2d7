// Support of the calendar's tests: zones of this system, and fire times as text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/calendar/cron_expression.h"
#include "common/calendar/next_fire.h"
#include "common/calendar/zone.h"

namespace sheaf::calendar {

/// The bytes of a file below /usr/share/zoneinfo.
[[nodiscard]] std::string zone_file(std::string_view name);

/// The zone of that file.
[[nodiscard]] const Zone& zone_named(std::string_view name);

/// Requires: valid text.
[[nodiscard]] CronExpression expression_of(std::string_view text);
[[nodiscard]] std::chrono::sys_seconds instant_of(std::string_view rfc3339);

struct Question {
  std::string_view expression;
  std::string_view zone = "UTC";
  DaylightSaving rule = DaylightSaving::kWallClock;
  std::string_view after;
  std::size_t count = 3;
};

/// The next `count` fires as RFC 3339 text; fewer if there are no more.
[[nodiscard]] std::vector<std::string> fires(const Question& question);

}  // namespace sheaf::calendar
