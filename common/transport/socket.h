// What Router and Dealer have in common. ZeroMQ is used as a lossy pipe with security: CURVE
// always, bounded queues, no blocking call. Whoever needs a message to arrive waits for its
// acknowledgement. Threads: a socket is used by one thread at a time (two at once would abort the
// process).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/base/result.h"

namespace zmq {
class socket_t;
}

namespace sheaf::transport {

/// Bounds of a socket's memory and of what a failing peer can lose.
struct SocketLimits {
  /// Messages that wait to be sent, a peer.
  int send_queue = 64;
  /// Messages that wait to be received, a peer.
  int receive_queue = 256;
  /// A peer that sends a larger message is disconnected.
  std::size_t max_message_bytes = 1u << 20;
};

class Socket {
 public:
  ~Socket();
  Socket(Socket&&) noexcept;
  Socket& operator=(Socket&&) noexcept;

  /// For Poller.
  [[nodiscard]] void* handle() const;

 protected:
  explicit Socket(std::unique_ptr<zmq::socket_t> socket);
  [[nodiscard]] zmq::socket_t& socket() const { return *socket_; }

  /// A socket of a ZeroMQ type with the options that both sides share. Fails with kExhausted.
  [[nodiscard]] static Result<std::unique_ptr<zmq::socket_t>> open(int type,
                                                                   const SocketLimits& limits);

 private:
  std::unique_ptr<zmq::socket_t> socket_;
};

}  // namespace sheaf::transport
