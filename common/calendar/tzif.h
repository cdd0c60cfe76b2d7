// The compiled zone files of the system (/usr/share/zoneinfo), from bytes to a Zone.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/calendar/zone.h"

namespace sheaf::calendar {

/// Reads the bytes of a TZif file of version 1 to 4 and writes its closing rule out to
/// kLastZoneYear.
///
/// Fails with kCorrupt if `bytes` is no such file, whole and consistent, and with kUnsupported if
/// it counts leap seconds (the files below `right/`). Source: RFC 8536.
[[nodiscard]] Result<Zone> parse_tzif(std::string name, std::string_view bytes);

}  // namespace sheaf::calendar
