#include "scheduler/core/explanation.h"

#include <array>

namespace sheaf::core {
namespace {

constexpr std::size_t kCodes = static_cast<std::size_t>(ReasonCode::kMore) + 1;

/// In the order of the enumeration.
constexpr std::array<std::string_view, 34> kNames{
    "DEPENDENCY_NOT_FINISHED",
    "WAITING_FOR_RETRY",
    "WAITING_FOR_SLOT",
    "NO_WORKER_REGISTERED",
    "NO_WORKER_FITS",
    "WORKER_BUSY",
    "WORKER_SUSPECT",
    "POOL_FULL",
    "POOL_PAUSED",
    "BEHIND_HIGHER_PRIORITY",
    "FOR_EACH_CONCURRENCY",
    "WAITING_FOR_ITERATIONS",
    "WAITING_FOR_CHILD_RUN",
    "DUE",
    "STARTING",
    "RUNNING",
    "STOPPING",
    "LOSS_EXPECTED",
    "FINISHED",
    "DEPENDENCY_FAILED",
    "EXCLUDED_BY_CONDITION",
    "RUN_IF_NOT_MET",
    "DISABLED",
    "NOT_SELECTED",
    "RUN_QUEUED",
    "RUN_SKIPPED",
    "NO_TRIGGER",
    "SCHEDULE_PAUSED",
    "NEXT_FIRE",
    "FIRE_SKIPPED",
    "HOOK_WITHOUT_SECRET",
    "CONCURRENCY_REACHED",
    "QUEUE_FULL",
    "MORE",
};
static_assert(kNames.size() == kCodes);

}  // namespace

std::string_view to_string(ReasonCode code) {
  return kNames[static_cast<std::size_t>(code)];
}

}  // namespace sheaf::core
