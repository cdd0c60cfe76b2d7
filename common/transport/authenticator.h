// Answers libzmq's question whether a key may connect (ZAP, RFC 27). Without one in the process,
// CURVE sockets would take any client's key; with ZMQ_ZAP_ENFORCE_DOMAIN they take none.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "common/base/result.h"
#include "common/transport/poller.h"

namespace sheaf::transport {

/// One a process at a time; start it before any Router binds.
/// Threads: a thread of its own for the handler; start and destroy from any.
class Authenticator {
 public:
  struct Settings {
    /// Allow-list folder (AllowList) of each domain.
    std::map<std::string, std::filesystem::path> folders;
    /// Told of each refused key and its address, on the handler's thread.
    std::function<void(const std::string& public_key, const std::string& address)> on_refused;
  };

  /// Fails with kConflict when one runs already.
  [[nodiscard]] static Result<std::unique_ptr<Authenticator>> start(Settings settings);
  ~Authenticator();
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

 private:
  class Handler;
  Authenticator(std::unique_ptr<Handler> handler, std::shared_ptr<Wakeup> wakeup);

  std::unique_ptr<Handler> handler_;
  std::shared_ptr<Wakeup> wakeup_;
  std::jthread thread_;
};

}  // namespace sheaf::transport
