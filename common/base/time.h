// Instants and durations as Sheaf stores and compares them. Lines 0-2 never read a clock: `now` is
// passed in.
#pragma once

#include <chrono>
#include <cstdint>

namespace sheaf {

using Milliseconds = std::chrono::milliseconds;

/// An instant of UTC with millisecond resolution; the epoch (value 0) means "not yet" in stored
/// rows.
using Timestamp = std::chrono::sys_time<Milliseconds>;

inline constexpr Timestamp kNoTime{};

[[nodiscard]] constexpr std::int64_t to_epoch_ms(Timestamp instant) {
  return instant.time_since_epoch().count();
}

[[nodiscard]] constexpr Timestamp from_epoch_ms(std::int64_t epoch_ms) {
  return Timestamp{Milliseconds{epoch_ms}};
}

}  // namespace sheaf
