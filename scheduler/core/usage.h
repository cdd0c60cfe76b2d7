// What of workers and pools is in use, as placement and the verification of leases see it. Derived
// from active attempts. Internal to scheduler/core.
#pragma once

#include <optional>
#include <string>

#include "scheduler/core/state.h"
#include "scheduler/placement/capacity.h"

namespace sheaf::core {

/// The shape under which a task waits; borrowed from `run`.
[[nodiscard]] const ReadyShape& shape_of(const LiveRun& run, TaskIndex task);

/// Whether the task waits for a slot.
[[nodiscard]] bool is_waiting(const State& state, const TaskRef& what);

/// The worker's resources; borrows its labels and environments.
[[nodiscard]] placement::WorkerCapacity capacity_of(const LiveWorker& worker);

/// Attempts that the pool still has room for; nothing where it has no limit.
[[nodiscard]] std::optional<std::uint32_t> find_pool_room(const State& state,
                                                          const std::string& pool);

/// The devices that the task's attempt holds.
[[nodiscard]] std::vector<std::uint32_t> gpus_of(const LiveRun& run, TaskIndex task);

/// Counts the task's attempt for its worker and its pool, or takes the count back.
void occupy(State& state, LiveWorker& worker, const LiveRun& run, TaskIndex task);
void vacate(State& state, LiveWorker& worker, const LiveRun& run, TaskIndex task);

/// SHEAF_CHECKs that counts and queue are what the rows of all runs say. O(state).
void check_usage(const State& state);

}  // namespace sheaf::core
