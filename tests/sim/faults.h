// What goes wrong in a story. Swarm testing (Groce and others, ISSTA 2012): each seed draws which
// kinds of faults there are at all, and how often each strikes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/sim/dice.h"

namespace sheaf::sim {

enum class Fault : std::uint8_t {
  // Struck at an opportunity: a frame, a commit, a lease.
  kFrameLost,
  kFrameDelayed,
  kFrameRepeated,
  kFrameOvertaken,
  kSlowDisk,
  kWorkerDiskFull,
  kRequestRepeated,
  // Struck by time.
  kPartition,
  kSchedulerKilled,
  kSchedulerKilledInCommit,
  kSchedulerKilledInRelease,
  kSchedulerPowerLost,
  kSchedulerRestarted,
  kAgentKilled,
  kAgentKilledBetweenActions,
  kMachineRebooted,
  kMachinePowerLost,
  kShimKilled,
  kSchedulerClockJump,
  kWorkerClockJump,
  kCount,
};

inline constexpr std::size_t kFaultKinds = static_cast<std::size_t>(Fault::kCount);

[[nodiscard]] std::string_view to_string(Fault fault);

/// Ends a process in the middle of something.
[[nodiscard]] bool is_crash(Fault fault);

/// Counts of each kind.
using FaultCounts = std::array<std::uint64_t, kFaultKinds>;

class Faults {
 public:
  explicit Faults(Dice dice);

  /// Whether the fault strikes at this opportunity; counted.
  [[nodiscard]] bool strikes(Fault fault);

  /// How long until the fault strikes next by time; nullopt: this story has none of it.
  [[nodiscard]] std::optional<Milliseconds> next_pause(Fault fault);
  void count(Fault fault) { ++counts_[static_cast<std::size_t>(fault)]; }

  /// No more faults: the quiet period begins.
  void end() { is_over_ = true; }
  [[nodiscard]] bool is_over() const { return is_over_; }

  [[nodiscard]] const FaultCounts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t crashes() const;
  [[nodiscard]] std::uint64_t others() const;

 private:
  struct Plan {
    bool is_on = false;
    std::size_t rate = 0;  ///< Of 10,000 opportunities.
    Milliseconds mean_pause{0};
  };

  Dice dice_;
  bool is_over_ = false;
  std::array<Plan, kFaultKinds> plans_;
  FaultCounts counts_{};
};

}  // namespace sheaf::sim
