// What tests of runs say again and again: a job that starts another, repairs, counted events.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/support/core_world.h"

namespace sheaf::tests {

/// "parent", whose task "call" starts a run of "child", whose task is "c".
inline std::vector<JobBuilder> a_parent_and_a_child() {
  return {a_job("parent").task(a_task("call").starts("child")), a_job("child").task(a_task("c"))};
}

/// The latest run of a job; invalid: it has none.
inline RunId last_run_of(const CoreWorld& world, JobId job) {
  RunId last;
  for (const auto& [id, run] : world.stored_runs()) {
    last = run.record.job == job ? id : last;
  }
  return last;
}

inline core::RepairRun repair_failed(RunId run, std::int64_t latest = 0) {
  return {.run = run, .all_failed = true, .latest_repair = latest};
}

/// REQUIRES: the repair was accepted.
inline std::int64_t repair_id(const CoreWorld::Judgement& judgement) {
  return std::get<core::RepairReply>(judgement.value()).repair;
}

/// Events of one kind, of one run, so far.
template <typename Kind>
std::size_t count_events(const CoreWorld& world, RunId run) {
  return static_cast<std::size_t>(
      std::ranges::count_if(world.events, [run](const core::Event& event) {
        const auto* found = std::get_if<Kind>(&event);
        return found != nullptr && found->run == run;
      }));
}

}  // namespace sheaf::tests
