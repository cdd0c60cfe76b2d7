// A batch's events: split into one row a run, in order again, and hashed into the chain.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "scheduler/store/rows.h"
#include "scheduler/store/store.h"

namespace sheaf::store {

/// The encoded EventsRow of each run that a batch touched.
using EventBytes = std::map<RunId, std::string>;

struct SplitEvents {
  BatchRow row;  ///< With its chain.
  EventBytes bytes;
};

/// Splits the events of `batch`; `previous` is the chain of the batch before.
[[nodiscard]] SplitEvents split_events(const Batch& batch, std::uint64_t previous);

/// The chain of the batch `row`, whose own `chain` is not looked at.
[[nodiscard]] std::uint64_t chain_of(std::uint64_t previous,
                                     const BatchRow& row,
                                     const EventBytes& bytes);

/// The inverse of split_events.
[[nodiscard]] Result<std::vector<core::Event>> events_in_order(const BatchRow& row,
                                                               const EventBytes& bytes);

}  // namespace sheaf::store
