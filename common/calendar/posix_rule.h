// The rule at the end of a zone file that says how daylight saving goes on for ever, e.g.
// `CET-1CEST,M3.5.0,M10.5.0/3`. Internal to common/calendar: others use parse_tzif.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/calendar/zone.h"

namespace sheaf::calendar {

/// The transitions of the POSIX TZ string `rule` in the years `first` to kLastZoneYear, by time;
/// none if the rule has no daylight saving.
///
/// Fails with kCorrupt if it is not such a string.
/// Source: POSIX.1-2017 section 8.3 (TZ), with the hours -167 to 167 of RFC 8536 section 3.3.1.
[[nodiscard]] Result<std::vector<Transition>> transitions_of_rule(std::string_view rule,
                                                                  std::chrono::year first);

}  // namespace sheaf::calendar
