#include "common/transport/dealer.h"

#include <atomic>
#include <cerrno>
#include <random>

#include <zmq.hpp>

#include "common/base/check.h"
#include "common/transport/context.h"

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

/// A socket that receives a message for each handshake of `watched`.
std::unique_ptr<zmq::socket_t> watch(zmq::socket_t& watched) {
  static std::atomic<std::uint64_t> number{0};
  const std::string address = "inproc://dealer-events-" + std::to_string(++number);
  if (zmq_socket_monitor(watched.handle(), address.c_str(), ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != 0) {
    throw zmq::error_t();
  }
  auto events = std::make_unique<zmq::socket_t>(process_context(), zmq::socket_type::pair);
  events->set(zmq::sockopt::linger, 0);
  events->connect(address);
  return events;
}

}  // namespace

ConnectionEvents::ConnectionEvents(std::unique_ptr<zmq::socket_t> socket)
    : Socket(std::move(socket)) {}

bool ConnectionEvents::take_connected() {
  bool has_connected = false;
  zmq::message_t part;
  // Only one kind of event is asked for: every message is one, whatever its parts say.
  while (zmq_msg_recv(part.handle(), handle(), ZMQ_DONTWAIT) >= 0) {
    has_connected = true;
  }
  return has_connected;
}

Dealer::Dealer(Opened opened, DealerSettings settings)
    : Socket(std::move(opened.socket)),
      settings_(std::move(settings)),
      events_(opened.events ? std::make_unique<ConnectionEvents>(std::move(opened.events))
                            : nullptr) {}

Dealer::~Dealer() {
  stop_telling();
}

void Dealer::stop_telling() {
  if (events_) {
    zmq_socket_monitor(handle(), nullptr, 0);
  }
}

ConnectionEvents& Dealer::events() {
  SHEAF_CHECK(events_ != nullptr, "the dealer was not asked to tell its connections");
  return *events_;
}

Result<Dealer::Opened> Dealer::open_connected(const DealerSettings& settings) {
  if (!is_key(settings.server_public_key) || !is_key(settings.keys.public_key) ||
      !is_key(settings.keys.secret_key)) {
    return fail(ErrorCode::kInvalid, "a key has 40 Z85 characters");
  }
  Result<std::unique_ptr<zmq::socket_t>> socket = open(ZMQ_DEALER, settings.limits);
  if (!socket) {
    return fail(socket.error());
  }
  try {
    set_dealer_options(**socket, settings);
    auto events = settings.tells_connections ? watch(**socket) : nullptr;
    (*socket)->connect(settings.endpoint);
    return Opened{.socket = *std::move(socket), .events = std::move(events)};
  } catch (const zmq::error_t& error) {
    return fail(ErrorCode::kInvalid,
                "cannot connect to " + settings.endpoint + ": " + error.what());
  }
}

Result<Dealer> Dealer::connect(const DealerSettings& settings) {
  Result<Opened> opened = open_connected(settings);
  if (!opened) {
    return fail(opened.error());
  }
  return Dealer(*std::move(opened), settings);
}

Result<void> Dealer::reopen() {
  Result<Opened> opened = open_connected(settings_);
  if (!opened) {
    return fail(opened.error());
  }
  stop_telling();
  socket().swap(*opened->socket);
  if (events_) {
    events_->socket().swap(*opened->events);
  }
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
