#include "scheduler/engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include "common/base/limits.h"

namespace sheaf::engine {
namespace {

/// The core thread turns at least this often, so that the watchdog sees it alive.
constexpr std::chrono::seconds kLongestWait{5};

}  // namespace

/// State and the core thread. Everything but the queue belongs to that thread.
class Engine::Loop {
 public:
  Loop(store::Store& store, Outlets outlets, Clock clock, ReadFile files, placement::Policy policy)
      : clock_(clock),
        turn_(store, std::move(outlets), std::move(clock), std::move(files), policy) {}

  Result<std::uint64_t> start();
  void post(Waiting waiting);
  void stop();

 private:
  void run();
  [[nodiscard]] std::deque<Waiting> wait_for_commands();

  Clock clock_;
  Turn turn_;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> queue_;
  bool is_stopping_ = false;
  bool is_open_ = false;
  std::thread thread_;
};

Result<std::uint64_t> Engine::Loop::start() {
  const auto epoch = turn_.begin();
  if (!epoch) {
    return epoch;
  }
  {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
  }
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
    turn_.take(std::move(commands));
  }
}

std::deque<Waiting> Engine::Loop::wait_for_commands() {
  auto longest = std::chrono::duration_cast<Milliseconds>(kLongestWait);
  if (const auto deadline = core::next_deadline(turn_.state())) {
    longest = std::clamp(*deadline - clock_(), Milliseconds{0}, longest);
  }
  if (turn_.is_due()) {
    longest = Milliseconds{0};
  }
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, longest, [this] { return is_stopping_ || !queue_.empty(); });
  return std::exchange(queue_, {});
}

Engine::Engine(
    store::Store& store, Outlets outlets, Clock clock, ReadFile files, placement::Policy policy)
    : loop_(std::make_unique<Loop>(
          store, std::move(outlets), std::move(clock), std::move(files), policy)) {}

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
