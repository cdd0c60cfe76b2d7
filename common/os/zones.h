// Time zones of this machine, by their IANA names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/calendar/zone.h"

namespace sheaf::os {

/// The zone of an IANA name ("Europe/Berlin"), or of a Java id with a fixed offset ("UTC",
/// "GMT+2").
///
/// Reads the system's zone file at each call, so that an update of the zone data counts from the
/// next schedule on. Fails with kInvalid, naming the nearest known name, when there is no such
/// zone. Any thread.
[[nodiscard]] Result<calendar::Zone> load_zone(std::string_view name);

/// What was meant by the name of no zone: `; did you mean "Europe/Berlin"?`, for a three-letter id
/// of old Java the zone that it stood for, "" when nothing is near.
[[nodiscard]] std::string zone_hint(std::string_view name);

/// Every IANA name that this machine knows, sorted. O(files of the zone data).
[[nodiscard]] std::vector<std::string> zone_names();

}  // namespace sheaf::os
