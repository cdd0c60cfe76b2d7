#include "scheduler/http/server.h"

#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "common/base/check.h"
#include "scheduler/http/asio_pool.h"
#include "scheduler/http/connection.h"

namespace sheaf::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kPauseAfterAcceptError{100};

using SharedContext = std::shared_ptr<ConnectionContext>;

Failure listen_failure(const ServerSettings& settings, const error_code& code) {
  const bool is_taken = code == asio::error::address_in_use;
  return fail(is_taken ? ErrorCode::kConflict : ErrorCode::kUnavailable,
              "listen on " + settings.address + ":" + std::to_string(settings.port) + ": " +
                  code.message());
}

/// Gives a connection's place back, however it ends.
class Place {
 public:
  explicit Place(std::atomic<std::size_t>& count) : count_(count) { ++count_; }
  ~Place() { --count_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::atomic<std::size_t>& count_;
};

asio::awaitable<void> serve_one(tcp::socket socket, SharedContext context) {
  const Place place(context->connections);
  co_await serve_connection(std::move(socket), *context);
}

asio::awaitable<void> accept_one(tcp::acceptor& acceptor, SharedContext context) {
  auto strand = asio::make_strand(acceptor.get_executor());
  tcp::socket socket = co_await acceptor.async_accept(strand, asio::use_awaitable);
  if (context->connections < context->settings.max_connections) {
    asio::co_spawn(strand, serve_one(std::move(socket), std::move(context)), asio::detached);
  }
}

asio::awaitable<void> accept_connections(tcp::acceptor acceptor, SharedContext context) {
  asio::steady_timer pause(acceptor.get_executor());
  for (;;) {
    std::string trouble;
    try {
      co_await accept_one(acceptor, context);
      continue;
    } catch (const std::exception& problem) {
      trouble = problem.what();
    }
    // Out of descriptors or memory, say: give others time to close.
    if (context->settings.on_trouble) {
      context->settings.on_trouble("no connection can be accepted: " + trouble);
    }
    error_code ignored;
    pause.expires_after(kPauseAfterAcceptError);
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

Result<tcp::acceptor> open_acceptor(const ServerSettings& settings, asio::io_context& io) {
  error_code code;
  const auto address = asio::ip::make_address(settings.address, code);
  if (code) {
    return fail(ErrorCode::kInvalid,
                "\"" + settings.address + "\" is not an IP address to listen on");
  }
  const tcp::endpoint endpoint(address, settings.port);
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), code);
  if (!code) {
    acceptor.set_option(asio::socket_base::reuse_address(true), code);
  }
  if (!code) {
    acceptor.bind(endpoint, code);
  }
  if (!code) {
    acceptor.listen(asio::socket_base::max_listen_connections, code);
  }
  if (code) {
    return listen_failure(settings, code);
  }
  return acceptor;
}

}  // namespace

struct Server::Listening {
  tcp::acceptor acceptor;
  SharedContext context;
};

Server::Server(std::unique_ptr<Listening> listening, std::uint16_t port)
    : listening_(std::move(listening)), port_(port) {}

Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::listen(ServerSettings settings,
                                               const Router& router,
                                               Authenticate authenticate,
                                               Pool& pool) {
  auto acceptor = open_acceptor(settings, pool.context().io);
  if (!acceptor) {
    return fail(acceptor.error());
  }
  const std::uint16_t port = acceptor->local_endpoint().port();
  // Connections end with the pool, whenever that is: they own what they share.
  auto context = std::make_shared<ConnectionContext>(
      std::move(settings), router, std::move(authenticate), pool.context().files.get_executor());
  auto listening = std::make_unique<Listening>(
      Listening{.acceptor = std::move(*acceptor), .context = std::move(context)});
  return std::unique_ptr<Server>(new Server(std::move(listening), port));
}

void Server::serve() {
  const auto listening = std::move(listening_);
  SHEAF_CHECK(listening != nullptr, "a server serves once");
  const auto executor = listening->acceptor.get_executor();
  asio::co_spawn(executor,
                 accept_connections(std::move(listening->acceptor), std::move(listening->context)),
                 asio::detached);
}

}  // namespace sheaf::http
