#include "cli/local/wind_down.h"

#include <set>

#include "cli/console.h"
#include "cli/json_reading.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr Milliseconds kPause{100};

Result<std::set<std::int64_t>> active_runs(Scheduler& scheduler) {
  const auto answer = scheduler.get("/api/sheaf/v1/runs?active_only=true&limit=100");
  if (!answer) {
    return fail(answer.error());
  }
  std::set<std::int64_t> runs;
  for (const auto& run : array_at(*answer, "runs")) {
    if (run.is_object()) {
      runs.insert(number_at(run.get_object(), "run_id"));
    }
  }
  return runs;
}

}  // namespace

Result<void> cancel_active_runs(Scheduler& scheduler, const WindDown& wind_down) {
  const Milliseconds deadline = os::boot_time() + wind_down.patience;
  std::set<std::int64_t> cancelled;
  for (;;) {
    const auto active = active_runs(scheduler);
    if (!active) {
      return fail(active.error());
    }
    if (active->empty()) {
      return {};
    }
    // The newest first, so that no queued run starts in place of an older one that ends.
    for (auto run = active->rbegin(); run != active->rend(); ++run) {
      if (!cancelled.insert(*run).second) {
        continue;
      }
      say("Cancelling run " + std::to_string(*run));
      const auto answer = scheduler.post("/api/2.2/jobs/runs/cancel", {{"run_id", *run}});
      if (!answer && answer.error().code == ErrorCode::kUnavailable) {
        return fail(answer.error());
      }
    }
    const bool is_impatient = wind_down.pause(kPause);
    if (is_impatient || os::boot_time() > deadline) {
      return fail(ErrorCode::kTimeout,
                  std::to_string(active->size()) +
                      " runs have not ended yet; they go on ending under the next `sheaf up`");
    }
  }
}

}  // namespace sheaf::cli
