// One turn of the core: decide, apply, settle, advance, place, encode, commit, release.
//
// The engine drives it from its thread, the simulator from its timeline. Nothing leaves before the
// commit of its batch. Threads: one; the outlets are called on it.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "common/base/result.h"
#include "scheduler/core/core.h"
#include "scheduler/engine/facts.h"
#include "scheduler/engine/pending.h"
#include "scheduler/placement/placement.h"
#include "scheduler/store/store.h"

namespace sheaf::engine {

/// What the poster learns after the commit: the reply, or why the command was refused.
using Outcome = Result<core::Reply>;
using OnOutcome = std::function<void(const Outcome&)>;

/// Where effects and changes go, set by main() before start(). Each function is called on the core
/// thread after the commit and must hand the work to its own thread.
struct Outlets {
  std::function<void(const core::StartAttempt&)> start_attempt;
  std::function<void(const core::StopAttempt&)> stop_attempt;
  std::function<void(const core::SendAlert&)> send_alert;
  std::function<void(const core::WatchSchedule&)> watch_schedule;
  std::function<void(const core::UnwatchSchedule&)> unwatch_schedule;
  /// Runs whose rows this batch changed, and the batch's number.
  std::function<void(const std::vector<RunId>&, std::uint64_t batch)> runs_changed;
  /// Called after every turn of the core thread; feeds the service watchdog.
  std::function<void()> turned;
  /// The store failed: log, then end the process. Must not return.
  std::function<void(const Error&)> fatal;
};

/// Wall clock, for `now` of a batch; tests pass their own.
using Clock = std::function<Timestamp()>;

/// A command and whom to tell what came of it.
struct Waiting {
  core::Command command;
  OnOutcome on_outcome;
};

class Turn {
 public:
  /// `store` must outlive the turn.
  Turn(store::Store& store,
       Outlets outlets,
       Clock clock,
       ReadFile files = {},
       placement::Policy policy = placement::Policy::kSpread);
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// Recovers State and begins an epoch, committed before this returns; gives what is owed by
  /// itself (schedules to watch) to the outlets. Once, before take().
  [[nodiscard]] Result<std::uint64_t> begin();

  /// Decides the commands in order, and whatever time and free slots bring, as one batch.
  void take(std::deque<Waiting> commands);

  /// The last batch grew long and left work behind: another take() is due at once.
  [[nodiscard]] bool is_due() const { return !state_.unsettled.is_empty(); }

  /// State as the last batch left it.
  [[nodiscard]] const core::State& state() const { return state_; }

 private:
  /// An outcome that may leave once its batch is committed.
  struct Held {
    OnOutcome on_outcome;
    Outcome outcome;
  };

  void decide_one(Waiting waiting);
  [[nodiscard]] Outcome step(const core::Command& command);
  void settle();
  void advance_time();
  void place();
  void commit();
  void release();
  void order(const core::Effect& effect) const;
  [[noreturn]] void die(const Error& error) const;

  store::Store& store_;
  Outlets outlets_;
  Clock clock_;
  placement::Policy policy_;
  core::State state_;
  Pending pending_;
  FactSource facts_;
  Timestamp now_;
  std::uint64_t batch_ = 0;
  std::vector<core::Effect> effects_;
  std::vector<Held> held_;
  std::vector<RunId> changed_runs_;
  bool has_committed_ = false;
};

}  // namespace sheaf::engine
