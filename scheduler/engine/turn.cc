#include "scheduler/engine/turn.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/failpoint.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "common/os/memory.h"
#include "scheduler/placement/placement.h"

namespace sheaf::engine {
namespace {

/// Some 10 MB of rows, encoded twice.
constexpr std::size_t kLargeBatchPages = 1'000;

template <typename Order>
void send(const std::function<void(const Order&)>& outlet, const Order& order) {
  if (outlet) {
    outlet(order);
  }
}

/// Hands an effect to its outlet; effects without one are dropped (tests).
struct OutletSender {
  const Outlets& outlets;

  void operator()(const core::StartAttempt& order) const { send(outlets.start_attempt, order); }
  void operator()(const core::StopAttempt& order) const { send(outlets.stop_attempt, order); }
  void operator()(const core::SendAlert& order) const { send(outlets.send_alert, order); }
  void operator()(const core::WatchSchedule& order) const { send(outlets.watch_schedule, order); }
  void operator()(const core::UnwatchSchedule& order) const {
    send(outlets.unwatch_schedule, order);
  }
};

}  // namespace

Turn::Turn(
    store::Store& store, Outlets outlets, Clock clock, ReadFile files, placement::Policy policy)
    : store_(store),
      outlets_(std::move(outlets)),
      clock_(std::move(clock)),
      policy_(policy),
      facts_(store, pending_, std::move(files)) {}

Result<std::uint64_t> Turn::begin() {
  auto stored = store_.recover();
  if (!stored) {
    return fail(stored.error());
  }
  state_ = core::restore(std::move(*stored));
  for (const core::Effect& effect : core::outstanding(state_)) {
    if (std::holds_alternative<core::WatchSchedule>(effect)) {
      effects_.push_back(effect);
    }
  }
  std::deque<Waiting> first;
  first.push_back({.command = core::BeginEpoch{}, .on_outcome = [](const Outcome&) {}});
  take(std::move(first));
  return state_.epoch;
}

void Turn::take(std::deque<Waiting> commands) {
  now_ = clock_();
  batch_ = store_.head().batch + 1;
  facts_.refresh();
  for (Waiting& waiting : commands) {
    decide_one(std::move(waiting));
  }
  settle();
  advance_time();
  place();
  if (planted::has("engine.effect_before_commit")) {
    for (const core::Effect& effect : effects_) {
      order(effect);
    }
  }
  commit();
  release();
  if (outlets_.turned) {
    outlets_.turned();
  }
}

void Turn::decide_one(Waiting waiting) {
  Outcome outcome = step(waiting.command);
  if (planted::has("engine.reply_before_commit")) {
    waiting.on_outcome(outcome);
    return;
  }
  held_.push_back({.on_outcome = std::move(waiting.on_outcome), .outcome = std::move(outcome)});
}

Outcome Turn::step(const core::Command& command) {
  auto facts = facts_.resolve(core::reads(command));
  if (!facts) {
    // One unreadable record must not stop everybody else.
    return fail(facts.error());
  }
  auto step = core::decide(state_, *facts, command, now_, batch_);
  if (!step) {
    return fail(step.error().code, step.error().message);
  }
  for (core::Event& event : step->events) {
    core::apply(state_, event);
    pending_.note(std::move(event));
  }
  std::ranges::move(step->effects, std::back_inserter(effects_));
  return std::move(step->reply);
}

void Turn::settle() {
  const auto is_long = [this] {
    return pending_.event_count() >= limits::kLongBatchEvents && state_.unsettled.may_wait();
  };
  while (!state_.unsettled.is_empty() && !is_long()) {
    for (const core::Command& command : core::take_follow_ups(state_)) {
      const Outcome outcome = step(command);
      if (!outcome) {
        die(outcome.error());  // They are never refused: a stored record cannot be read.
      }
    }
  }
}

void Turn::advance_time() {
  while (true) {
    const auto deadline = core::next_deadline(state_);
    if (!deadline || *deadline > now_) {
      return;
    }
    const Outcome outcome = step(core::AdvanceTime{});
    SHEAF_CHECK(outcome.has_value(), "AdvanceTime is never refused");
    settle();
  }
}

void Turn::place() {
  const core::LeaseTasks command = core::propose_leases(state_, policy_);
  if (command.leases.empty()) {
    return;
  }
  const Outcome outcome = step(command);
  SHEAF_CHECK(outcome.has_value(), "LeaseTasks is never refused");
}

void Turn::commit() {
  changed_runs_ = state_.dirty_runs;
  has_committed_ = !pending_.is_empty();
  if (!has_committed_) {
    return;
  }
  std::size_t pages = 0;
  {
    const store::Batch batch = pending_.take(state_, store_.head());
    pages = batch.pages.size();
    if (auto committed = store_.commit(batch); !committed) {
      die(committed.error());
    }
  }
  core::retire_finished(state_);
  if (pages >= kLargeBatchPages) {
    os::release_free_memory();  // A million iterations were planned: their rows are the state's
                                // now.
  }
}

void Turn::release() {
  failpoint::reach("engine.before_release");
  if (has_committed_ && outlets_.runs_changed) {
    outlets_.runs_changed(changed_runs_, batch_);
  }
  for (Held& held : std::exchange(held_, {})) {
    held.on_outcome(held.outcome);
  }
  for (const core::Effect& effect : std::exchange(effects_, {})) {
    const auto* start = std::get_if<core::StartAttempt>(&effect);
    if (start == nullptr || core::is_current(state_, *start)) {
      order(effect);
    }
  }
  failpoint::reach("engine.after_release");
}

void Turn::order(const core::Effect& effect) const {
  std::visit(OutletSender{outlets_}, effect);
}

void Turn::die(const Error& error) const {
  if (outlets_.fatal) {
    outlets_.fatal(error);
  }
  check_failed(__FILE__, __LINE__, "commit", error.message);
}

}  // namespace sheaf::engine
