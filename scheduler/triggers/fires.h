// Which nominal times of a schedule are due: pure arithmetic over common/calendar.
#pragma once

#include <optional>
#include <vector>

#include "common/base/time.h"
#include "common/calendar/cron_expression.h"
#include "common/calendar/next_fire.h"
#include "common/calendar/zone.h"

namespace sheaf::triggers {

/// A schedule's expression, ready to be asked.
struct Timetable {
  calendar::CronExpression expression;
  calendar::Zone zone;
  calendar::DaylightSaving rule = calendar::DaylightSaving::kWallClock;
};

/// Missed nominal times that are listed one by one; of denser schedules only the latest are.
inline constexpr std::size_t kMaxListedMisses = 1'000;

struct DueFires {
  /// The latest nominal time at or before now; it starts the run.
  Timestamp nominal;
  /// Earlier ones since `settled`, oldest first; of more than kMaxListedMisses the latest.
  std::vector<Timestamp> skipped;
  /// The first nominal time after now; kNoTime: none.
  Timestamp following;
};

/// The first nominal time after `instant`; kNoTime: none.
[[nodiscard]] Timestamp next_after(const Timetable& timetable, Timestamp instant);

/// The fires in (settled, now], or nullopt when none is due. O(fires) up to twice as many as are
/// listed; of more, O(fires listed × log(now - settled)), however long the scheduler was away.
[[nodiscard]] std::optional<DueFires> due_fires(const Timetable& timetable,
                                                Timestamp settled,
                                                Timestamp now);

}  // namespace sheaf::triggers
