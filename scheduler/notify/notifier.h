// Sends the outbox: every alert that is stored as pending is tried until it is delivered, hopeless
// or too old. A crash between a delivery and its record repeats the alert under the same id.
// Threads: one of its own. notify() from any thread.
#pragma once

#include <memory>

#include "scheduler/core/effect.h"
#include "scheduler/engine/engine.h"
#include "scheduler/notify/delivery.h"
#include "scheduler/store/store.h"

namespace sheaf::notify {

/// Waits between tries: doubling from the first to the longest, with up to half of it random.
struct RetrySettings {
  Milliseconds first_wait{1'000};
  Milliseconds longest_wait = std::chrono::minutes(5);
  /// Alerts older than this are dropped.
  Milliseconds give_up_after = std::chrono::hours(72);
};

/// A receiver that asks for more is asked again after this: it may be mended long before.
inline constexpr Milliseconds kLongestAskedWait = std::chrono::hours(1);

/// The wait before try number `tries` + 1. `noise` is uniform in [0, 1).
[[nodiscard]] Milliseconds retry_wait(const RetrySettings& settings,
                                      std::uint32_t tries,
                                      double noise);

/// When to try again after try number `alert.tries` failed at `now`: after retry_wait(), or after
/// what the receiver asked for, whichever is longer, and not later than the time to give up.
[[nodiscard]] Timestamp next_try(const RetrySettings& settings,
                                 const core::AlertRecord& alert,
                                 const Attempted& attempted,
                                 Timestamp now,
                                 double noise);

class Notifier {
 public:
  /// `engine` must outlive the notifier.
  Notifier(engine::Engine& engine, DeliverySettings delivery, RetrySettings retry);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  void notify(const core::SendAlert& order);
  /// Takes up what the store says is pending, and begins to send.
  [[nodiscard]] Result<void> start(const store::Reader& reader);
  void stop();

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;
};

}  // namespace sheaf::notify
