#include "scheduler/engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "common/base/check.h"
#include "common/base/failpoint.h"
#include "common/base/limits.h"
#include "scheduler/engine/facts.h"
#include "scheduler/engine/pending.h"
#include "scheduler/placement/placement.h"

namespace sheaf::engine {
namespace {

/// The core thread turns at least this often, so that the watchdog sees it alive.
constexpr std::chrono::seconds kLongestWait{5};

struct Waiting {
  core::Command command;
  OnOutcome on_outcome;
};

/// An outcome that may leave once its batch is committed.
struct Held {
  OnOutcome on_outcome;
  Outcome outcome;
};

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

/// State and the core thread. Everything but the queue belongs to that thread.
class Engine::Loop {
 public:
  Loop(store::Store& store, Outlets outlets, Clock clock, placement::Policy policy)
      : store_(store),
        outlets_(std::move(outlets)),
        clock_(std::move(clock)),
        policy_(policy),
        facts_(store, pending_) {}

  Result<std::uint64_t> start();
  void post(Waiting waiting);
  void stop();

 private:
  void run();
  [[nodiscard]] std::deque<Waiting> wait_for_commands();
  void turn(std::deque<Waiting> commands);
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

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> queue_;
  bool is_stopping_ = false;
  bool is_open_ = false;
  std::thread thread_;
};

Result<std::uint64_t> Engine::Loop::start() {
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
  turn(std::move(first));
  {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  }
  const std::uint64_t epoch = state_.epoch;
  thread_ = std::thread([this] { run(); });
  return epoch;
}

void Engine::Loop::post(Waiting waiting) {
  Error refusal;
  {
    const std::lock_guard lock(mutex_);
    if (!is_open_ || is_stopping_) {
      refusal = {.code = ErrorCode::kUnavailable,
                 .message = "the scheduler is not taking commands"};
    } else if (queue_.size() >= limits::kMaxEngineQueue) {
      refusal = {.code = ErrorCode::kExhausted, .message = "too many commands wait; try again"};
    } else {
      queue_.push_back(std::move(waiting));
      arrived_.notify_one();
      return;
    }
  }
  waiting.on_outcome(fail(std::move(refusal)));
}

void Engine::Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    arrived_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
  for (Waiting& waiting : queue_) {
    waiting.on_outcome(fail(ErrorCode::kUnavailable, "the scheduler is stopping"));
  }
  queue_.clear();
}

void Engine::Loop::run() {
  while (true) {
    std::deque<Waiting> commands = wait_for_commands();
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) {
        for (Waiting& waiting : commands) {
          queue_.push_back(std::move(waiting));
        }
        return;
      }
    }
    turn(std::move(commands));
  }
}

std::deque<Waiting> Engine::Loop::wait_for_commands() {
  auto longest = std::chrono::duration_cast<Milliseconds>(kLongestWait);
  if (const auto deadline = core::next_deadline(state_)) {
    longest = std::clamp(*deadline - clock_(), Milliseconds{0}, longest);
  }
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, longest, [this] { return is_stopping_ || !queue_.empty(); });
  return std::exchange(queue_, {});
}

void Engine::Loop::turn(std::deque<Waiting> commands) {
  now_ = clock_();
  batch_ = store_.head().batch + 1;
  facts_.refresh();
  for (Waiting& waiting : commands) {
    decide_one(std::move(waiting));
  }
  settle();
  advance_time();
  place();
  commit();
  release();
  if (outlets_.turned) {
    outlets_.turned();
  }
}

void Engine::Loop::decide_one(Waiting waiting) {
  Outcome outcome = step(waiting.command);
  held_.push_back({.on_outcome = std::move(waiting.on_outcome), .outcome = std::move(outcome)});
}

Outcome Engine::Loop::step(const core::Command& command) {
  auto facts = facts_.resolve(core::reads(command));
  if (!facts) {
    // One unreadable record must not stop everybody else.
    return fail(facts.error());
  }
  auto step = core::decide(state_, *facts, command, now_, batch_);
  if (!step) {
    return fail(step.error().code, step.error().message);
  }
  for (const core::Event& event : step->events) {
    core::apply(state_, event);
    pending_.note(event);
  }
  std::ranges::move(step->effects, std::back_inserter(effects_));
  return std::move(step->reply);
}

void Engine::Loop::settle() {
  while (!state_.unsettled.is_empty()) {
    const Outcome outcome = step(core::Settle{.work = core::take_unsettled(state_)});
    SHEAF_CHECK(outcome.has_value(), "Settle is never refused");
  }
}

void Engine::Loop::advance_time() {
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

void Engine::Loop::place() {
  const core::LeaseTasks command = core::propose_leases(state_, policy_);
  if (command.leases.empty()) {
    return;
  }
  const Outcome outcome = step(command);
  SHEAF_CHECK(outcome.has_value(), "LeaseTasks is never refused");
}

void Engine::Loop::commit() {
  changed_runs_ = state_.dirty_runs;
  has_committed_ = !pending_.is_empty();
  if (!has_committed_) {
    return;
  }
  const store::Batch batch = pending_.take(state_, store_.head());
  if (auto committed = store_.commit(batch); !committed) {
    die(committed.error());
  }
  core::retire_finished(state_);
}

void Engine::Loop::release() {
  failpoint::reach("engine.before_release");
  if (has_committed_ && outlets_.runs_changed) {
    outlets_.runs_changed(changed_runs_, batch_);
  }
  for (Held& held : std::exchange(held_, {})) {
    held.on_outcome(held.outcome);
  }
  for (const core::Effect& effect : std::exchange(effects_, {})) {
    order(effect);
  }
  failpoint::reach("engine.after_release");
}

void Engine::Loop::order(const core::Effect& effect) const {
  std::visit(OutletSender{outlets_}, effect);
}

void Engine::Loop::die(const Error& error) const {
  if (outlets_.fatal) {
    outlets_.fatal(error);
  }
  check_failed(__FILE__, __LINE__, "commit", error.message);
}

Engine::Engine(store::Store& store, Outlets outlets, Clock clock, placement::Policy policy)
    : loop_(std::make_unique<Loop>(store, std::move(outlets), std::move(clock), policy)) {}

Engine::~Engine() {
  loop_->stop();
}

Result<std::uint64_t> Engine::start() {
  return loop_->start();
}

void Engine::post(core::Command command, OnOutcome on_outcome) {
  loop_->post({.command = std::move(command), .on_outcome = std::move(on_outcome)});
}

Outcome Engine::call(core::Command command) {
  auto answer = std::make_shared<std::promise<Outcome>>();
  std::future<Outcome> future = answer->get_future();
  post(std::move(command), [answer](const Outcome& outcome) { answer->set_value(outcome); });
  return future.get();
}

void Engine::stop() {
  loop_->stop();
}

}  // namespace sheaf::engine
