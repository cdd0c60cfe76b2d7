// The core alone, as the engine turns it: decide, apply and place in memory, nothing stored.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "scheduler/core/core.h"
#include "tests/support/builders.h"

namespace sheaf::bench {

/// Independent tasks.
inline core::SettingsPointer wide_job(std::int64_t tasks) {
  tests::JobBuilder job = tests::a_job("wide");
  for (std::int64_t i = 0; i < tasks; ++i) {
    job.task(tests::a_task("t" + std::to_string(i)));
  }
  return std::make_shared<const model::JobSettings>(job.build());
}

class CoreTurn {
 public:
  explicit CoreTurn(core::SettingsPointer settings, std::uint32_t slots = 64) {
    facts_.job = core::JobRecord{.id = {1}, .name = settings->name};
    facts_.job_settings = std::move(settings);
    state_.next_id = 2;
    step(core::RegisterWorker{.name = "w", .boot_id = "b", .slots = slots});
  }

  void submit() {
    step(core::SubmitRun{.job = {1}});
    end_turn();
  }

  /// Reports every attempt that was started as succeeded. False when nothing was under way.
  bool finish_all() {
    auto effects = std::exchange(effects_, {});
    for (const core::Effect& effect : effects) {
      const auto& start = std::get<core::StartAttempt>(effect);
      step(core::ReportStarted{.worker = start.worker,
                               .attempt = start.spec.attempt,
                               .fence = start.spec.fence,
                               .started = now_});
      step(core::ReportResult{.worker = start.worker,
                              .attempt = start.spec.attempt,
                              .fence = start.spec.fence,
                              .outcome = {.end = model::AttemptEnd::kExited,
                                          .tree_empty = true,
                                          .started = now_,
                                          .ended = now_}});
    }
    end_turn();
    return !effects.empty();
  }

  [[nodiscard]] std::int64_t events() const { return events_; }

 private:
  void step(const core::Command& command) {
    auto decided = core::decide(state_, facts_, command, now_, batch_);
    SHEAF_CHECK(decided.has_value(), "a bench command was refused");
    for (const core::Event& event : decided->events) {
      core::apply(state_, event);
    }
    events_ += static_cast<std::int64_t>(decided->events.size());
    std::ranges::move(decided->effects, std::back_inserter(effects_));
  }

  void end_turn() {
    while (!state_.unsettled.is_empty()) {
      for (const core::Command& command : core::take_follow_ups(state_)) {
        step(command);
      }
    }
    step(core::propose_leases(state_));
    for (const RunId run : std::exchange(state_.dirty_runs, {})) {
      core::LiveRun& live = *state_.find_run(run);
      live.is_dirty = false;
      live.dirty_pages.assign(live.dirty_pages.size(), false);
    }
    core::retire_finished(state_);
    ++batch_;
  }

  core::State state_;
  core::Facts facts_;
  std::vector<core::Effect> effects_;
  Timestamp now_ = from_epoch_ms(1'700'000'000'000);
  std::uint64_t batch_ = 1;
  std::int64_t events_ = 0;
};

}  // namespace sheaf::bench
