// <data>/config.yml: what the operator sets. A missing file is an empty one; anything that cannot
// be understood is an error with its place, since a silently ignored setting is worse than a
// refused start.
#pragma once

#include <filesystem>

#include "common/base/result.h"
#include "scheduler/notify/delivery.h"
#include "scheduler/notify/notifier.h"

namespace sheaf::scheduler {

struct Config {
  notify::DeliverySettings alerts;
  notify::RetrySettings retry;
};

/// Fails with kInvalid and `config.yml:line:col: …`.
///
/// ```yaml
/// destinations:
///   - {id: ops, type: webhook, url: "https://…", bearer: …, secret: …}
/// mail: {server: "smtp://host:25", from: sheaf@example.org, user: …, password: …, tls: true}
/// alerts: {first_wait_ms: 1000, longest_wait_ms: 300000, give_up_after_s: 259200}
/// ```
[[nodiscard]] Result<Config> load_config(const std::filesystem::path& file);

}  // namespace sheaf::scheduler
