#include "scheduler/notify/notifier.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>

#include "common/os/clocks.h"
#include "common/telemetry/log.h"

namespace sheaf::notify {
namespace {

constexpr std::size_t kMaxPending = 100'000;

}  // namespace

Milliseconds retry_wait(const RetrySettings& settings, std::uint32_t tries, double noise) {
  Milliseconds wait = settings.first_wait;
  for (std::uint32_t i = 1; i < tries && wait < settings.longest_wait; ++i) {
    wait *= 2;
  }
  wait = std::min(wait, settings.longest_wait);
  const auto half = static_cast<double>(wait.count()) / 2;
  return Milliseconds{static_cast<std::int64_t>(half + half * noise)};
}

Timestamp next_try(const RetrySettings& settings,
                   const core::AlertRecord& alert,
                   const Attempted& attempted,
                   Timestamp now,
                   double noise) {
  const Milliseconds asked = std::min(attempted.retry_after, kLongestAskedWait);
  const Milliseconds wait = std::max(asked, retry_wait(settings, alert.tries, noise));
  return std::min(now + wait, alert.created + settings.give_up_after);
}

/// Shared with outcomes that the engine still owes.
class Notifier::Loop : public std::enable_shared_from_this<Notifier::Loop> {
 public:
  Loop(engine::Engine& engine, DeliverySettings delivery, RetrySettings retry)
      : engine_(engine), deliverer_(std::move(delivery)), retry_(retry) {}

  void add(const core::AlertRecord& alert);
  void start();
  void stop();

 private:
  void run();
  [[nodiscard]] std::optional<core::AlertRecord> take_due(Timestamp now);
  [[nodiscard]] std::optional<Timestamp> earliest() const;
  void try_one(core::AlertRecord alert);
  void settle(const core::AlertRecord& alert, core::SettleAlert command);

  engine::Engine& engine_;
  Deliverer deliverer_;  ///< The thread's own, but for cancel().
  RetrySettings retry_;
  std::minstd_rand noise_{std::random_device{}()};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<AlertId, core::AlertRecord> pending_;
  std::atomic<bool> is_stopping_ = false;  ///< Set under the lock.
  std::thread thread_;
};

void Notifier::Loop::add(const core::AlertRecord& alert) {
  const std::lock_guard lock(mutex_);
  if (pending_.size() >= kMaxPending) {
    return;  // It stays in the store and is taken up at the next start.
  }
  pending_.insert_or_assign(alert.id, alert);
  changed_.notify_one();
}

void Notifier::Loop::start() {
  thread_ = std::thread([this] { run(); });
}

void Notifier::Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_one();
  }
  deliverer_.cancel();
  if (thread_.joinable()) {
    thread_.join();
  }
}

/// The one that has been due for longest: receivers that hang cannot keep all others waiting.
std::optional<core::AlertRecord> Notifier::Loop::take_due(Timestamp now) {
  const auto due = std::ranges::min_element(
      pending_, {}, [](const auto& entry) { return entry.second.next_try; });
  if (due == pending_.end() || due->second.next_try > now) {
    return std::nullopt;
  }
  return std::move(pending_.extract(due).mapped());
}

std::optional<Timestamp> Notifier::Loop::earliest() const {
  const auto first = std::ranges::min_element(
      pending_, {}, [](const auto& entry) { return entry.second.next_try; });
  return first == pending_.end() ? std::nullopt : std::optional(first->second.next_try);
}

void Notifier::Loop::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    if (auto alert = take_due(os::wall_time())) {
      lock.unlock();
      try_one(std::move(*alert));
      lock.lock();
    } else if (const auto next = earliest()) {
      changed_.wait_until(lock, *next);
    } else {
      changed_.wait(lock);
    }
  }
}

void Notifier::Loop::try_one(core::AlertRecord alert) {
  const Timestamp now = os::wall_time();
  const Attempted attempted = deliverer_.deliver(alert, now);
  if (is_stopping_ && attempted.result == Attempted::Result::kTryAgain) {
    return;  // Cut short: the next start tries again.
  }
  core::SettleAlert command{.alert = alert.id, .error = attempted.error};
  ++alert.tries;
  const bool is_too_old = now - alert.created >= retry_.give_up_after;
  if (attempted.result == Attempted::Result::kDelivered) {
    command.outcome = core::SettleAlert::Outcome::kDelivered;
  } else if (attempted.result == Attempted::Result::kHopeless || is_too_old) {
    command.outcome = core::SettleAlert::Outcome::kDropped;
    telemetry::log(telemetry::Level::kError,
                   "alert " + to_string(alert.id) + " is dropped: " + attempted.error);
  } else {
    const double noise = std::uniform_real_distribution<double>(0, 1)(noise_);
    command.outcome = core::SettleAlert::Outcome::kPostponed;
    command.next_try = next_try(retry_, alert, attempted, now, noise);
    alert.next_try = command.next_try;
  }
  settle(alert, std::move(command));
}

void Notifier::Loop::settle(const core::AlertRecord& alert, core::SettleAlert command) {
  const bool is_postponed = command.outcome == core::SettleAlert::Outcome::kPostponed;
  engine_.post(std::move(command),
               [self = shared_from_this(), alert, is_postponed](const engine::Outcome& outcome) {
                 // Other outcomes that could not be recorded are tried again at the next start,
                 // under the same id.
                 if (is_postponed && (outcome || outcome.error().code != ErrorCode::kNotFound)) {
                   self->add(alert);
                 }
               });
}

Notifier::Notifier(engine::Engine& engine, DeliverySettings delivery, RetrySettings retry)
    : loop_(std::make_shared<Loop>(engine, std::move(delivery), retry)) {}

Notifier::~Notifier() {
  loop_->stop();
}

void Notifier::notify(const core::SendAlert& order) {
  loop_->add(order.alert);
}

Result<void> Notifier::start(const store::Reader& reader) {
  auto pending = reader.pending_alerts(kMaxPending);
  if (!pending) {
    return fail(pending.error());
  }
  for (const core::AlertRecord& alert : *pending) {
    loop_->add(alert);
  }
  loop_->start();
  return {};
}

void Notifier::stop() {
  loop_->stop();
}

}  // namespace sheaf::notify
