// Instants as text: `2026-11-24T01:00:00Z`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::calendar {

/// `2026-11-24T01:00:00Z`. Requires: a year of 0-9999.
[[nodiscard]] std::string format_rfc3339(std::chrono::sys_seconds instant);

/// With milliseconds: `2026-11-24T01:00:00.250Z`. Requires: a year of 0-9999.
[[nodiscard]] std::string format_rfc3339(Timestamp instant);

/// Reads `2026-11-24T02:00:00+01:00`, with `Z` or an offset and, if wanted, a fraction of a second,
/// of which it keeps milliseconds. Fails with kInvalid on anything else, a leap second among it.
///
/// Source: RFC 3339 section 5.6.
[[nodiscard]] Result<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace sheaf::calendar
