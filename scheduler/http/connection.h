// One client's connection: requests one after the other, until either side closes. For sources that
// include Asio anyway.
#pragma once

#include <atomic>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "scheduler/http/admission.h"
#include "scheduler/http/router.h"
#include "scheduler/http/server.h"

namespace sheaf::http {

/// What all connections of a server share.
struct ConnectionContext {
  ConnectionContext(ServerSettings its_settings,
                    const Router& its_router,
                    Authenticate its_gate,
                    boost::asio::any_io_executor its_files)
      : settings(std::move(its_settings)),
        router(its_router),
        authenticate(std::move(its_gate)),
        files(std::move(its_files)) {}

  ServerSettings settings;
  const Router& router;
  Authenticate authenticate;
  boost::asio::any_io_executor files;  ///< Where sinks and sources may block.
  std::atomic<std::size_t> connections{0};
};

/// Serves the socket until it closes. Runs on the socket's strand; `context` outlives it.
[[nodiscard]] boost::asio::awaitable<void> serve_connection(boost::asio::ip::tcp::socket socket,
                                                            ConnectionContext& context);

}  // namespace sheaf::http
