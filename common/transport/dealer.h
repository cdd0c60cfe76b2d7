// The connecting side: one peer, known by its public key.
#pragma once

#include <memory>
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
  /// Whether events() are wanted: whoever wants them takes them, or the connection comes to a halt
  /// after some hundred.
  bool tells_connections = false;
};

/// Readable when its dealer's connection has just been made, or made again: what a Poller adds
/// beside the dealer to learn of a peer that restarted before the next timer.
class ConnectionEvents : public Socket {
 public:
  explicit ConnectionEvents(std::unique_ptr<zmq::socket_t> socket);
  /// True if a handshake succeeded since the last call.
  [[nodiscard]] bool take_connected();

 private:
  friend class Dealer;
};

/// Reconnects by itself, with back-off and jitter, except after the peer refused its key: who hears
/// nothing for long calls reopen().
class Dealer : public Socket {
 public:
  /// Begins to connect; nothing tells whether that ever succeeds but the first answer. Fails with
  /// kInvalid on an address or key that is none.
  [[nodiscard]] static Result<Dealer> connect(const DealerSettings& settings);
  ~Dealer();
  Dealer(Dealer&&) noexcept = default;
  Dealer& operator=(Dealer&&) = delete;
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;

  /// Hands a message to the connection's queue. Fails with kUnavailable when there is no connection
  /// now or its queue is full; the message is then not sent.
  [[nodiscard]] Result<void> send(std::string_view bytes);

  /// The next message, if one is there. Messages of several parts are dropped.
  [[nodiscard]] std::optional<std::string> receive();

  /// Of a dealer that tells its connections; the same object over reopen() too.
  [[nodiscard]] ConnectionEvents& events();

  /// Drops the connection with all that waits in it, and connects anew. A Poller that waits for
  /// this socket goes on doing so.
  [[nodiscard]] Result<void> reopen();

 private:
  struct Opened {
    std::unique_ptr<zmq::socket_t> socket;
    std::unique_ptr<zmq::socket_t> events;  ///< Null unless wanted.
  };
  Dealer(Opened opened, DealerSettings settings);
  [[nodiscard]] static Result<Opened> open_connected(const DealerSettings& settings);
  /// Before events() go: libzmq waits without end, in its one thread, to tell an event to nobody.
  void stop_telling();

  DealerSettings settings_;
  std::unique_ptr<ConnectionEvents> events_;  // At one address, for the Poller; or null.
};

}  // namespace sheaf::transport
