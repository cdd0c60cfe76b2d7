// Proof that a store's rows follow from its events: every event is folded from the beginning, and
// what comes out is held against what is stored. Threads: one; the store must not be written
// meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scheduler/store/store.h"

namespace sheaf::store {

struct VerifyReport {
  std::uint64_t batches = 0;
  std::uint64_t events = 0;
  std::uint64_t runs = 0;
  /// One line a difference, at most kMaxFaults; empty: the store is sound.
  std::vector<std::string> faults;
};

inline constexpr std::size_t kMaxFaults = 100;

/// Reads the whole history: checks the hash chain, folds the events with core::apply and compares
/// runs, tasks, jobs, deployments, schedules, workers, alerts, receipts, hook secrets and the id
/// counter. Fails when something cannot be read at all. O(history) in time, O(live work + records)
/// in memory.
[[nodiscard]] Result<VerifyReport> verify(const Store& store);

}  // namespace sheaf::store
