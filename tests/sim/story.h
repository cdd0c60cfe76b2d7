// One seed: a world, its work, a storm of faults, and the quiet after it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "tests/sim/faults.h"

namespace sheaf::sim {

struct Told {
  std::string violation;  ///< Empty: every promise was kept.
  FaultCounts faults{};
  std::uint64_t crashes = 0;
  std::uint64_t other_faults = 0;
  std::uint64_t runs = 0;
  std::uint64_t tasks = 0;
  std::uint64_t processes = 0;
  std::uint64_t events = 0;
  std::uint64_t batches = 0;
  std::uint64_t frames = 0;
  std::uint64_t scheduler_starts = 0;
  std::uint64_t virtual_seconds = 0;
  /// Over every event, every commit and every step: equal for equal seeds.
  std::uint64_t hash = 0;
};

/// Plays the story of `seed`. `folder` is for the few files that the store keeps beside its rows.
[[nodiscard]] Told tell(std::uint64_t seed, const std::filesystem::path& folder);

}  // namespace sheaf::sim
