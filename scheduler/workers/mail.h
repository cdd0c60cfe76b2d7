// What other threads hand to the control thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <variant>

#include "common/transport/mailbox.h"
#include "common/wire/messages.h"
#include "scheduler/core/effect.h"
#include "scheduler/engine/engine.h"

namespace sheaf::workers {

/// A REGISTER as it was asked for. Of one worker's several only the latest counts.
struct Registration {
  std::uint64_t session = 0;
  std::string name;
  std::string connection;
  std::uint32_t version = wire::kFirstVersion;
};

/// The core's answer to a REGISTER.
struct Registered {
  Registration registration;
  engine::Outcome outcome;
};

/// What was reported in the session is durable: the acknowledgement may leave.
struct Acknowledged {
  std::uint64_t session = 0;
  wire::SchedulerMessage ack;
};

/// The refusal of a lease is durable.
struct RejectionRecorded {
  std::uint64_t session = 0;
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;
};

/// A verdict did not reach the core.
struct SilenceUnreported {
  core::ReportSilence report;
};

using Letter = std::variant<core::StartAttempt,
                            core::StopAttempt,
                            Registered,
                            Acknowledged,
                            RejectionRecorded,
                            SilenceUnreported>;

/// Threads: post() and order() any, never blocking; the rest the control thread.
class Mail {
 public:
  /// More than the engine's queue and all slots of a large cluster at once.
  static constexpr std::size_t kLimit = 200'000;

  explicit Mail(std::shared_ptr<transport::Wakeup> wakeup) : letters_(std::move(wakeup), kLimit) {}

  /// For what is repeated by its sender anyway: dropped when the box is full.
  void post(Letter letter) { static_cast<void>(letters_.push(std::move(letter))); }

  /// For the core's orders: when the box is full, take_loss() tells.
  void order(Letter letter) {
    if (!letters_.push(std::move(letter))) {
      has_lost_orders_ = true;
    }
  }

  [[nodiscard]] std::vector<Letter> take() { return letters_.take(); }

  /// True once after orders were lost: every worker must register anew, since the core then gives
  /// all outstanding orders again.
  [[nodiscard]] bool take_loss() { return has_lost_orders_.exchange(false); }

 private:
  transport::Mailbox<Letter> letters_;
  std::atomic<bool> has_lost_orders_{false};
};

}  // namespace sheaf::workers
