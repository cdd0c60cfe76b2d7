// The connecting side: one peer, known by its public key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/transport/keys.h"
#include "common/transport/socket.h"

namespace sheaf::transport {

struct DealerSettings {
  std::string endpoint;  ///< "tcp://host:port".
  std::string server_public_key;
  KeyPair keys;
  SocketLimits limits;
};

/// Reconnects by itself, with back-off and jitter, except after the peer refused its key: who hears
/// nothing for long calls reopen().
class Dealer : public Socket {
 public:
  /// Begins to connect; nothing tells whether that ever succeeds but the first answer. Fails with
  /// kInvalid on an address or key that is none.
  [[nodiscard]] static Result<Dealer> connect(const DealerSettings& settings);

  /// Hands a message to the connection's queue. Fails with kUnavailable when there is no connection
  /// now or its queue is full; the message is then not sent.
  [[nodiscard]] Result<void> send(std::string_view bytes);

  /// The next message, if one is there. Messages of several parts are dropped.
  [[nodiscard]] std::optional<std::string> receive();

  /// Drops the connection with all that waits in it, and connects anew. A Poller that waits for
  /// this socket goes on doing so.
  [[nodiscard]] Result<void> reopen();

 private:
  Dealer(std::unique_ptr<zmq::socket_t> socket, DealerSettings settings);
  [[nodiscard]] static Result<std::unique_ptr<zmq::socket_t>> open_connected(
      const DealerSettings& settings);

  DealerSettings settings_;
};

}  // namespace sheaf::transport
