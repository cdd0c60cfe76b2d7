// The listening side: many peers, each known by the name under which its key is enrolled.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/transport/keys.h"
#include "common/transport/socket.h"

namespace sheaf::transport {

/// One message as it came in.
struct Received {
  std::string connection;  ///< Address for replies; changes when the peer reconnects.
  std::string user;        ///< The peer's enrolled name, as the authenticator vouched for it.
  std::string bytes;
};

struct RouterSettings {
  /// "tcp://127.0.0.1:*" takes a free port.
  std::string endpoint;
  KeyPair keys;
  /// Under which the Authenticator knows the allow-list of this socket.
  std::string domain;
  SocketLimits limits;
};

class Router : public Socket {
 public:
  /// Listens. Fails with kConflict when the address is taken, kInvalid when it is no address.
  [[nodiscard]] static Result<Router> bind(const RouterSettings& settings);

  /// The address with its port.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  /// Hands a message to the connection's queue. Fails with kNotFound when the connection is gone
  /// and with kExhausted when its queue is full; the message is then not sent, and never lost
  /// silently here.
  [[nodiscard]] Result<void> send(const std::string& connection, std::string_view bytes);

  /// The next message, if one is there. Messages of several parts or without a vouched name are
  /// dropped.
  [[nodiscard]] std::optional<Received> receive();

 private:
  Router(std::unique_ptr<zmq::socket_t> socket, std::string endpoint);

  std::string endpoint_;
};

}  // namespace sheaf::transport
