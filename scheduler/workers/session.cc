#include "scheduler/workers/session.h"

#include <utility>

#include "common/base/check.h"

namespace sheaf::workers {

Session::Session(Peer peer, std::uint64_t epoch)
    : peer_(std::move(peer)),
      header_{.version = peer_.version, .epoch = epoch, .session = peer_.session, .sequence = 0} {}

Result<void> Session::tell(const wire::SchedulerMessage& message) {
  Result<std::string> encoded = wire::encode_message(message);
  if (!encoded) {
    return fail(encoded.error());
  }
  unsent_.push_back(*std::move(encoded));
  return {};
}

Result<void> Session::lease(const wire::Lease& lease, Milliseconds now) {
  Result<std::string> encoded = wire::encode_message(lease);
  if (!encoded) {
    return fail(encoded.error());
  }
  unsent_.push_back(*encoded);
  leases_[lease.spec.attempt] = {
      .fence = lease.spec.fence, .message = *std::move(encoded), .sent = now};
  return {};
}

bool Session::settle_lease(AttemptId attempt, std::uint64_t fence) {
  const auto found = leases_.find(attempt);
  if (found == leases_.end() || found->second.fence != fence) {
    return false;
  }
  leases_.erase(found);
  return true;
}

void Session::cancel(const wire::Cancel& order, Milliseconds now) {
  leases_.erase(order.attempt);
  Result<std::string> encoded = wire::encode_message(order);
  SHEAF_CHECK(encoded.has_value(), "a CANCEL holds nothing that could be too large");
  unsent_.push_back(*encoded);
  cancels_[order.attempt] = {.fence = order.fence, .message = *std::move(encoded), .sent = now};
}

void Session::settle_attempt(AttemptId attempt, std::uint64_t fence) {
  settle_lease(attempt, fence);
  const auto found = cancels_.find(attempt);
  if (found != cancels_.end() && found->second.fence == fence) {
    cancels_.erase(found);
  }
  values_.forget(attempt);
}

void Session::resend(Milliseconds now, Milliseconds resend_after) {
  send_again(leases_, now, resend_after);
  send_again(cancels_, now, resend_after);
}

void Session::send_again(Orders& orders, Milliseconds now, Milliseconds resend_after) {
  for (auto& [attempt, order] : orders) {
    if (now - order.sent >= resend_after) {
      unsent_.push_back(order.message);
      order.sent = now;
    }
  }
}

std::vector<std::string> Session::take_frames() {
  return wire::make_frames(wire::FrameKind::kScheduler, header_, std::exchange(unsent_, {}));
}

}  // namespace sheaf::workers
