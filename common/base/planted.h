// Planted bugs: known mistakes that the simulator must find, so that its silence means something.
//
// Only a build with SHEAF_PLANTED_BUGS (the preset "sim") holds them, and they sleep there until
// plant() names one; everywhere else has() is a constant false and the compiler drops the branch.
// Every name stands in kNames; a call with another does not compile.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace sheaf::planted {

inline constexpr std::array<std::string_view, 33> kNames{
    "store.acknowledge_before_fsync",
    "engine.effect_before_commit",
    "engine.reply_before_commit",
    "core.no_receipts",
    "core.slots_not_derived",
    "core.stale_placement_accepted",
    "core.no_fence_check",
    "core.retry_counted_twice",
    "core.exclusion_not_cascaded",
    "core.values_before_success",
    "core.timer_lost_at_restart",
    "core.double_fire",
    "core.cancelled_without_proof",
    "core.dependency_ignored",
    "core.queue_overrun",
    "core.lost_lease_not_repeated",
    "core.missing_means_gone",
    "core.row_not_marked",
    "core.iteration_beyond_concurrency",
    "core.child_started_twice",
    "core.child_not_stopped",
    "core.repair_keeps_old_outcome",
    "core.repair_loses_its_place",
    "core.pool_not_counted",
    "core.gpu_shared",
    "core.priority_ignored",
    "core.retry_before_interval",
    "core.retry_filter_ignored",
    "core.stream_death_charged_to_all",
    "workers.wall_clock_lease",
    "agent.lease_taken_twice",
    "agent.forgets_before_acknowledgement",
    "agent.result_before_outcomes",
};

/// A name of kNames, checked when compiling.
class Name {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): call sites pass the literal.
  consteval Name(const char* text) : text_(text) {
    if (std::ranges::find(kNames, text_) == kNames.end()) {
      throw "not a name of planted::kNames";
    }
  }
  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

#ifdef SHEAF_PLANTED_BUGS

/// The bug that is awake; empty: none. Set once, before any other thread starts.
inline std::string_view awake;

inline void plant(std::string_view name) {
  awake = name;
}

[[nodiscard]] inline bool has(Name name) {
  return awake == name.text();
}

#else

[[nodiscard]] constexpr bool has(Name /*name*/) {
  return false;
}

#endif

}  // namespace sheaf::planted
