#include "common/transport/dealer.h"

#include <cerrno>
#include <random>

#include <zmq.hpp>

#include "common/base/check.h"

namespace sheaf::transport {
namespace {

/// Between 200 and 400 ms: libzmq's own back-off has no jitter, and a thousand workers that lost
/// their scheduler at once shall not return at once.
int first_reconnect_interval_ms() {
  std::random_device random;
  return 200 + static_cast<int>(random() % 200);
}

void set_dealer_options(zmq::socket_t& socket, const DealerSettings& settings) {
  socket.set(zmq::sockopt::immediate, true);
  socket.set(zmq::sockopt::connect_timeout, 5'000);
  socket.set(zmq::sockopt::reconnect_ivl, first_reconnect_interval_ms());
  socket.set(zmq::sockopt::reconnect_ivl_max, 10'000);
  socket.set(zmq::sockopt::curve_serverkey, settings.server_public_key);
  socket.set(zmq::sockopt::curve_publickey, settings.keys.public_key);
  socket.set(zmq::sockopt::curve_secretkey, settings.keys.secret_key);
}

}  // namespace

Dealer::Dealer(std::unique_ptr<zmq::socket_t> socket, DealerSettings settings)
    : Socket(std::move(socket)), settings_(std::move(settings)) {}

Result<std::unique_ptr<zmq::socket_t>> Dealer::open_connected(const DealerSettings& settings) {
  if (!is_key(settings.server_public_key) || !is_key(settings.keys.public_key) ||
      !is_key(settings.keys.secret_key)) {
    return fail(ErrorCode::kInvalid, "a key has 40 Z85 characters");
  }
  Result<std::unique_ptr<zmq::socket_t>> socket = open(ZMQ_DEALER, settings.limits);
  if (!socket) {
    return socket;
  }
  try {
    set_dealer_options(**socket, settings);
    (*socket)->connect(settings.endpoint);
    return socket;
  } catch (const zmq::error_t& error) {
    return fail(ErrorCode::kInvalid,
                "cannot connect to " + settings.endpoint + ": " + error.what());
  }
}

Result<Dealer> Dealer::connect(const DealerSettings& settings) {
  Result<std::unique_ptr<zmq::socket_t>> socket = open_connected(settings);
  if (!socket) {
    return fail(socket.error());
  }
  return Dealer(*std::move(socket), settings);
}

Result<void> Dealer::reopen() {
  Result<std::unique_ptr<zmq::socket_t>> socket = open_connected(settings_);
  if (!socket) {
    return fail(socket.error());
  }
  this->socket().swap(**socket);
  return {};
}

Result<void> Dealer::send(std::string_view bytes) {
  if (zmq_send(handle(), bytes.data(), bytes.size(), ZMQ_DONTWAIT) >= 0) {
    return {};
  }
  return fail(
      ErrorCode::kUnavailable,
      zmq_errno() == EAGAIN ? "no connection, or its queue is full" : zmq_strerror(zmq_errno()));
}

std::optional<std::string> Dealer::receive() {
  while (true) {
    zmq::message_t body;
    if (zmq_msg_recv(body.handle(), handle(), ZMQ_DONTWAIT) < 0) {
      return std::nullopt;
    }
    if (!body.more()) {
      return body.to_string();
    }
    while (body.more()) {
      const int size = zmq_msg_recv(body.handle(), handle(), ZMQ_DONTWAIT);
      SHEAF_CHECK(size >= 0, "all parts of a message arrive together");
    }
  }
}

}  // namespace sheaf::transport
