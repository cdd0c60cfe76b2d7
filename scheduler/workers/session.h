// One registered worker: what it is owed, and what waits to be sent to it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/wire/frame.h"
#include "scheduler/workers/value_parts.h"

namespace sheaf::workers {

/// Begins with WELCOME and ends when the worker registers anew or its lease is over. Orders (LEASE,
/// CANCEL) are repeated until they are answered; everything else is repeated by the worker, so
/// nothing here waits for a peer that does not take its messages. Threads: the control thread.
class Session {
 public:
  struct Peer {
    std::uint64_t session = 0;
    WorkerId worker;
    std::string name;        ///< Of the allow-list; checked on every message.
    std::string connection;  ///< Follows the worker's reconnections.
    std::uint32_t version = wire::kFirstVersion;
  };

  Session(Peer peer, std::uint64_t epoch);

  [[nodiscard]] const Peer& peer() const { return peer_; }
  void move_to(const std::string& connection) { peer_.connection = connection; }

  /// Puts a message into the next frames. Fails as wire::encode_message().
  [[nodiscard]] Result<void> tell(const wire::SchedulerMessage& message);

  /// Sends the lease now and every `resend_after` until answered. Fails when it cannot be encoded;
  /// then nothing is owed.
  [[nodiscard]] Result<void> lease(const wire::Lease& lease, Milliseconds now);
  /// The worker has, or refused, the lease. False when no such lease was waiting.
  bool settle_lease(AttemptId attempt, std::uint64_t fence);

  /// Sends the order to stop, in place of the lease if that is still waiting for its answer.
  void cancel(const wire::Cancel& order, Milliseconds now);
  /// The attempt's result is recorded: nothing is owed for it any more.
  void settle_attempt(AttemptId attempt, std::uint64_t fence);

  /// Sends again what was sent before `now - resend_after` and is unanswered.
  void resend(Milliseconds now, Milliseconds resend_after);

  /// Whether a frame of the worker with this sequence number is news.
  [[nodiscard]] bool take_frame(std::uint64_t sequence) { return received_.take(sequence); }

  [[nodiscard]] ValueParts& values() { return values_; }

  [[nodiscard]] bool has_unsent() const { return !unsent_.empty(); }
  /// The frames of all that waits; nothing waits afterwards.
  [[nodiscard]] std::vector<std::string> take_frames();

 private:
  struct Order {
    std::uint64_t fence = 0;
    std::string message;  ///< Encoded.
    Milliseconds sent{0};
  };
  using Orders = std::map<AttemptId, Order>;

  void send_again(Orders& orders, Milliseconds now, Milliseconds resend_after);

  Peer peer_;
  wire::FrameHeader header_;
  wire::FrameOrder received_;
  Orders leases_;
  Orders cancels_;
  ValueParts values_;
  std::vector<std::string> unsent_;
};

}  // namespace sheaf::workers
