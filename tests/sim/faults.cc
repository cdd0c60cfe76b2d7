#include "tests/sim/faults.h"

#include <algorithm>

namespace sheaf::sim {
namespace {

struct Kind {
  Fault fault;
  std::string_view name;
  std::size_t max_rate;  ///< Of 10,000 opportunities; 0: struck by time.
  bool is_crash;
};

constexpr std::array<Kind, kFaultKinds> kKinds{{
    {Fault::kFrameLost, "frame lost", 1'500, false},
    {Fault::kFrameDelayed, "frame delayed", 1'500, false},
    {Fault::kFrameRepeated, "frame repeated", 1'000, false},
    {Fault::kFrameOvertaken, "frame overtaken", 1'000, false},
    {Fault::kSlowDisk, "slow disk", 1'000, false},
    {Fault::kWorkerDiskFull, "worker's disk full", 1'500, false},
    {Fault::kRequestRepeated, "request repeated", 3'000, false},
    {Fault::kPartition, "partition", 0, false},
    {Fault::kSchedulerKilled, "scheduler killed", 0, true},
    {Fault::kSchedulerKilledInCommit, "scheduler killed in a commit", 0, true},
    {Fault::kSchedulerKilledInRelease, "scheduler killed in a release", 0, true},
    {Fault::kSchedulerPowerLost, "scheduler's power lost", 0, true},
    {Fault::kSchedulerRestarted, "scheduler restarted", 0, false},
    {Fault::kAgentKilled, "agent killed", 0, true},
    {Fault::kAgentKilledBetweenActions, "agent killed between actions", 0, true},
    {Fault::kMachineRebooted, "machine rebooted", 0, true},
    {Fault::kMachinePowerLost, "machine's power lost", 0, true},
    {Fault::kShimKilled, "shim killed", 0, true},
    {Fault::kSchedulerClockJump, "scheduler's clock jumped", 0, false},
    {Fault::kWorkerClockJump, "worker's clock jumped", 0, false},
}};

}  // namespace

std::string_view to_string(Fault fault) {
  return kKinds[static_cast<std::size_t>(fault)].name;
}

bool is_crash(Fault fault) {
  return kKinds[static_cast<std::size_t>(fault)].is_crash;
}

Faults::Faults(Dice dice) : dice_(dice) {
  for (const Kind& kind : kKinds) {
    Plan& plan = plans_[static_cast<std::size_t>(kind.fault)];
    plan.is_on = dice_.chance(60);
    plan.rate = kind.max_rate == 0 ? 0 : 1 + dice_.below(kind.max_rate);
    plan.mean_pause = dice_.between(std::chrono::minutes(1), std::chrono::minutes(25));
  }
}

bool Faults::strikes(Fault fault) {
  const Plan& plan = plans_[static_cast<std::size_t>(fault)];
  if (is_over_ || !plan.is_on || !dice_.rarely(plan.rate)) {
    return false;
  }
  count(fault);
  return true;
}

std::optional<Milliseconds> Faults::next_pause(Fault fault) {
  const Plan& plan = plans_[static_cast<std::size_t>(fault)];
  if (is_over_ || !plan.is_on) {
    return std::nullopt;
  }
  return dice_.between(plan.mean_pause / 4, plan.mean_pause * 2);
}

std::uint64_t Faults::crashes() const {
  std::uint64_t sum = 0;
  for (const Kind& kind : kKinds) {
    sum += kind.is_crash ? counts_[static_cast<std::size_t>(kind.fault)] : 0;
  }
  return sum;
}

std::uint64_t Faults::others() const {
  std::uint64_t sum = 0;
  for (const Kind& kind : kKinds) {
    sum += kind.is_crash ? 0 : counts_[static_cast<std::size_t>(kind.fault)];
  }
  return sum;
}

}  // namespace sheaf::sim
