// The grammar of Quartz cron expressions. Internal to common/calendar: others use
// CronExpression::parse.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "common/calendar/cron_expression.h"

namespace sheaf::calendar {

/// Longest accepted expression; each of its values could be listed several times over in less.
inline constexpr std::size_t kMaxCronBytes = 1'000;

/// Parses the six or seven fields. Every ValueSet of the result has at least one member.
///
/// Source: the class documentation of Quartz 2.3 `CronExpression` and, where that is silent, its
/// behaviour: ranges wrap (`22-2`, `NOV-FEB`) except for years, and a step after a range of names
/// is ignored.
[[nodiscard]] Result<CronFields> parse_cron_fields(std::string_view text);

}  // namespace sheaf::calendar
