#include "bundles/schedule_check.h"

#include <optional>
#include <vector>

#include "common/calendar/cron_expression.h"
#include "common/calendar/next_fire.h"
#include "common/os/zones.h"

namespace sheaf::bundles {

namespace {

std::optional<std::string> text_in(const Value& schedule, std::string_view field) {
  const Value* value = find(schedule, field);
  if (value == nullptr || value->is_unresolved || value->kind != Kind::kString) {
    return std::nullopt;
  }
  return value->text;
}

calendar::DaylightSaving rule_of(const Value& job) {
  const Value* sheaf = find(job, "sheaf");
  const bool is_quartz = sheaf != nullptr && text_at(*sheaf, "daylight_saving") == "quartz";
  return is_quartz ? calendar::DaylightSaving::kQuartz : calendar::DaylightSaving::kWallClock;
}

}  // namespace

void check_schedule(const Value& job,
                    const std::string& path,
                    std::chrono::sys_seconds now,
                    Findings& findings) {
  const Value* schedule = find(job, "schedule");
  if (schedule == nullptr || !schedule->is_map()) {
    return;
  }
  const std::string schedule_path = member_path(path, "schedule");
  const std::optional<std::string> text = text_in(*schedule, "quartz_cron_expression");
  const std::optional<std::string> zone_name = text_in(*schedule, "timezone_id");
  std::optional<calendar::CronExpression> expression;
  std::optional<calendar::Zone> zone;
  if (text) {
    auto parsed = calendar::CronExpression::parse(*text);
    if (parsed) {
      expression = std::move(*parsed);
    } else {
      findings.error({.summary = "the schedule \"" + *text + "\" cannot be read",
                      .detail = parsed.error().message},
                     member_path(schedule_path, "quartz_cron_expression"),
                     places_of(*find(*schedule, "quartz_cron_expression")));
    }
  }
  if (zone_name) {
    auto loaded = os::load_zone(*zone_name);
    if (loaded) {
      zone = std::move(*loaded);
    } else {
      findings.error(
          {.summary = "there is no time zone \"" + *zone_name + "\"" + os::zone_hint(*zone_name),
           .detail = "Write a name of the IANA time zone database, e.g. Europe/Berlin or UTC."},
          member_path(schedule_path, "timezone_id"),
          places_of(*find(*schedule, "timezone_id")));
    }
  }
  if (expression && zone && !calendar::next_fire(*expression, *zone, rule_of(job), now)) {
    findings.error({.summary = "the schedule \"" + *text + "\" never fires",
                    .detail = "Look at its day, month and year."},
                   member_path(schedule_path, "quartz_cron_expression"),
                   places_of(*find(*schedule, "quartz_cron_expression")));
  }
}

}  // namespace sheaf::bundles
