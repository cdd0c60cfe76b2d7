// Cancelling what runs before `sheaf up` ends.
#pragma once

#include <functional>

#include "cli/scheduler.h"
#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::cli {

struct WindDown {
  Milliseconds patience{30'000};
  /// Waits that long; true: the person does not want to wait any longer.
  std::function<bool(Milliseconds)> pause;
};

/// Cancels every run that has not ended, and those that start meanwhile, until none is left. Fails
/// with kTimeout when some outlive the patience.
[[nodiscard]] Result<void> cancel_active_runs(Scheduler& scheduler, const WindDown& wind_down);

}  // namespace sheaf::cli
