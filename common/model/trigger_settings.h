// What starts runs of a job by itself: a schedule, inbound webhooks. As job_settings.h.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sheaf::model {

/// Name → value pairs in the order in which they were written.
using NamedStrings = std::vector<std::pair<std::string, std::string>>;

enum class DaylightSavingRule : std::uint8_t { kWallClock, kQuartz };

struct ScheduleSettings {
  std::string quartz_cron_expression;
  std::string timezone_id;
  bool paused = false;
  DaylightSavingRule daylight_saving = DaylightSavingRule::kWallClock;
  friend bool operator==(const ScheduleSettings&, const ScheduleSettings&) = default;
};

enum class HookSignature : std::uint8_t { kStandardWebhooks, kBearer };

/// An inbound webhook (`sheaf: {hooks: […]}`). Body fields are dotted paths into the JSON body.
struct HookSettings {
  std::string name;
  HookSignature signature = HookSignature::kStandardWebhooks;
  /// Environment variable of the scheduler that holds the secret; empty: set with `sheaf hooks
  /// secret`.
  std::string secret_env;
  /// A body that does not match is answered 200 `ignored`. Empty field: every body matches.
  std::string match_field;
  std::string match_equals;
  /// Job parameter ← body field.
  NamedStrings parameters;
  /// Body field that names the delivery; empty: the `webhook-id` header.
  std::string deduplication_key;
  friend bool operator==(const HookSettings&, const HookSettings&) = default;
};

}  // namespace sheaf::model
