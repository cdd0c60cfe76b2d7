#include "common/transport/router.h"

#include <cerrno>

#include <zmq.hpp>

#include "common/base/check.h"

namespace sheaf::transport {
namespace {

std::string user_of(const zmq::message_t& message) {
  const char* const user = zmq_msg_gets(message.handle(), "User-Id");
  return user == nullptr ? std::string() : std::string(user);
}

// ZMQ_ZAP_ENFORCE_DOMAIN: built into every libzmq since 4.3.0, declared only among its drafts.
constexpr int kZapEnforceDomain = 93;

void set_router_options(zmq::socket_t& socket, const RouterSettings& settings) {
  // Peers never choose their routing ids: the first holder of one would lose its messages to the
  // next.
  socket.set(zmq::sockopt::router_mandatory, true);
  socket.set(zmq::sockopt::router_handover, false);
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, settings.keys.secret_key);
  socket.set(zmq::sockopt::zap_domain, settings.domain);
  // While no authenticator runs, nobody gets in; without this, everybody would.
  const int enforce = 1;
  if (zmq_setsockopt(socket.handle(), kZapEnforceDomain, &enforce, sizeof(enforce)) != 0) {
    throw zmq::error_t();
  }
}

/// `asked` with the port that was bound: libzmq tells IPv4 addresses in their IPv6 form.
std::string with_port_of(const std::string& asked, const std::string& bound) {
  return asked.substr(0, asked.rfind(':')) + bound.substr(bound.rfind(':'));
}

}  // namespace

Router::Router(std::unique_ptr<zmq::socket_t> socket, std::string endpoint)
    : Socket(std::move(socket)), endpoint_(std::move(endpoint)) {}

Result<Router> Router::bind(const RouterSettings& settings) {
  SHEAF_CHECK(!settings.domain.empty(), "without a domain any client key would be taken");
  Result<std::unique_ptr<zmq::socket_t>> socket = open(ZMQ_ROUTER, settings.limits);
  if (!socket) {
    return fail(socket.error());
  }
  try {
    set_router_options(**socket, settings);
    (*socket)->bind(settings.endpoint);
    const std::string bound = (*socket)->get(zmq::sockopt::last_endpoint);
    return Router(*std::move(socket), with_port_of(settings.endpoint, bound));
  } catch (const zmq::error_t& error) {
    const bool is_taken = error.num() == EADDRINUSE;
    return fail(is_taken ? ErrorCode::kConflict : ErrorCode::kInvalid,
                "cannot listen on " + settings.endpoint + ": " + error.what());
  }
}

Result<void> Router::send(const std::string& connection, std::string_view bytes) {
  // The C functions: a full queue is an everyday answer here, not an exception.
  const int sent =
      zmq_send(handle(), connection.data(), connection.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
  if (sent >= 0) {
    const int body = zmq_send(handle(), bytes.data(), bytes.size(), ZMQ_DONTWAIT);
    SHEAF_CHECK(body >= 0, "the second part follows the first");
    return {};
  }
  switch (zmq_errno()) {
    case EAGAIN:
      return fail(ErrorCode::kExhausted, "the peer does not take its messages");
    case EHOSTUNREACH:
      return fail(ErrorCode::kNotFound, "the connection is gone");
    default:
      return fail(ErrorCode::kUnavailable, zmq_strerror(zmq_errno()));
  }
}

std::optional<Received> Router::receive() {
  while (true) {
    zmq::message_t connection;
    if (zmq_msg_recv(connection.handle(), handle(), ZMQ_DONTWAIT) < 0) {
      return std::nullopt;
    }
    std::size_t parts = 0;
    zmq::message_t body;
    bool has_more = connection.more();
    while (has_more) {
      const int size = zmq_msg_recv(body.handle(), handle(), ZMQ_DONTWAIT);
      SHEAF_CHECK(size >= 0, "all parts of a message arrive together");
      ++parts;
      has_more = body.more();
    }
    if (parts == 1 && !user_of(body).empty()) {
      return Received{
          .connection = connection.to_string(), .user = user_of(body), .bytes = body.to_string()};
    }
  }
}

}  // namespace sheaf::transport
