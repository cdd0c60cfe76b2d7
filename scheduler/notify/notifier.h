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

/// The wait before try number `tries` + 1. `noise` is uniform in [0, 1).
[[nodiscard]] Milliseconds retry_wait(const RetrySettings& settings,
                                      std::uint32_t tries,
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
