#include "common/transport/socket.h"

#include <zmq.hpp>

#include "common/transport/context.h"

namespace sheaf::transport {
namespace {

// ZMQ_MAXMSGSIZE counts the encrypted form: command name, nonce, authenticator and flags (RFC 26).
constexpr std::size_t kCurveOverheadBytes = 8 + 8 + 16 + 1;

}  // namespace

Socket::Socket(std::unique_ptr<zmq::socket_t> socket) : socket_(std::move(socket)) {}
Socket::~Socket() = default;
Socket::Socket(Socket&&) noexcept = default;
Socket& Socket::operator=(Socket&&) noexcept = default;

void* Socket::handle() const {
  return socket_->handle();
}

Result<std::unique_ptr<zmq::socket_t>> Socket::open(int type, const SocketLimits& limits) {
  try {
    auto socket =
        std::make_unique<zmq::socket_t>(process_context(), static_cast<zmq::socket_type>(type));
    socket->set(zmq::sockopt::linger, 0);
    socket->set(zmq::sockopt::ipv6, true);
    socket->set(zmq::sockopt::sndhwm, limits.send_queue);
    socket->set(zmq::sockopt::rcvhwm, limits.receive_queue);
    socket->set(zmq::sockopt::maxmsgsize,
                static_cast<std::int64_t>(limits.max_message_bytes + kCurveOverheadBytes));
    socket->set(zmq::sockopt::handshake_ivl, 5'000);
    // These find dead connections only; whether a peer works, its own heartbeats tell.
    socket->set(zmq::sockopt::heartbeat_ivl, 5'000);
    socket->set(zmq::sockopt::heartbeat_timeout, 15'000);
    socket->set(zmq::sockopt::heartbeat_ttl, 20'000);
    socket->set(zmq::sockopt::tcp_maxrt, 20'000);
    return socket;
  } catch (const zmq::error_t& error) {
    return fail(ErrorCode::kExhausted, std::string("cannot open a socket: ") + error.what());
  }
}

}  // namespace sheaf::transport
