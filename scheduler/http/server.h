// The HTTP/1.1 server: listens, frames messages, and brings requests past the gate to their
// handlers. Threads: sockets live on the pool's threads, each connection on its own strand.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "scheduler/http/admission.h"
#include "scheduler/http/pool.h"
#include "scheduler/http/router.h"

namespace sheaf::http {

struct ServerSettings {
  /// An IP address of this machine. Anything but loopback shows the API to the network.
  std::string address = "127.0.0.1";
  /// 0: any free port.
  std::uint16_t port = 7437;
  /// Further connections are closed at once.
  std::size_t max_connections = 1'024;
  std::chrono::seconds idle_deadline{60};    ///< Between two requests of a connection.
  std::chrono::seconds header_deadline{10};  ///< From a head's first byte to its last.
  std::chrono::seconds handler_deadline{
      60};  ///< Then 503; long polls end after 30 s by themselves.
  std::chrono::seconds write_deadline{
      30};  ///< For each piece of an answer: slow readers are dropped.
  /// Told of every answer with status 500 or above, and of connections that cannot be served, in
  /// words for the log.
  std::function<void(const std::string&)> on_trouble;
};

class Server {
 public:
  /// Binds; clients that connect wait until serve(). `router` and `pool` must outlive the server,
  /// and `router` the pool's stop. Fails with kConflict when the port is taken, with kInvalid when
  /// the address is none.
  [[nodiscard]] static Result<std::unique_ptr<Server>> listen(ServerSettings settings,
                                                              const Router& router,
                                                              Authenticate authenticate,
                                                              Pool& pool);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Serves on the pool's threads until the pool stops. Once, when all that handlers use is there.
  void serve();

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  struct Listening;
  Server(std::unique_ptr<Listening> listening, std::uint16_t port);

  std::unique_ptr<Listening> listening_;  ///< Until serve().
  std::uint16_t port_;
};

}  // namespace sheaf::http
