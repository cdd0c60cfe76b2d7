// The scheduler's side of the conversation with workers (docs/protocol.md): one control thread for
// sessions, orders and reports, one log thread for log bytes, so that file writes never delay a
// heartbeat.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/base/guarded.h"
#include "common/base/result.h"
#include "scheduler/engine/engine.h"
#include "scheduler/files/logs.h"
#include "scheduler/store/store.h"
#include "scheduler/workers/presence.h"
#include "scheduler/workers/settings.h"

namespace sheaf::transport {
class Router;
class Wakeup;
struct SocketLimits;
}  // namespace sheaf::transport

namespace sheaf::workers {

class AttemptOwners;
class ControlThread;
class LogIngest;
class Mail;

/// Wiring, in this order: create(); an Engine whose outlets call order_start() and order_stop();
/// the process's transport::Authenticator; `fence` read from the store; Engine::start(); start().
/// Threads: order_*() and workers() any, without blocking; the rest one thread, usually main's.
class WorkerPort {
 public:
  /// What the port works with; all outlive it.
  struct Parts {
    engine::Engine& engine;
    const store::Store& store;
    files::LogFiles& logs;  ///< Written by the log thread only.
  };
  /// Where this start of the scheduler begins.
  struct Beginning {
    std::uint64_t epoch = 0;  ///< From Engine::start().
    std::uint64_t fence = 0;  ///< Store::head().batch, read before Engine::start().
  };

  [[nodiscard]] static Result<std::unique_ptr<WorkerPort>> create(Settings settings);
  ~WorkerPort();
  WorkerPort(const WorkerPort&) = delete;
  WorkerPort& operator=(const WorkerPort&) = delete;

  /// For engine::Outlets. Before start(), and for workers out of session, orders are dropped: the
  /// core gives them again when the worker registers.
  void order_start(const core::StartAttempt& order);
  void order_stop(const core::StopAttempt& order);

  /// Listens and begins both threads. Silence counts from now on, for every worker in the store.
  /// Fails with kConflict when an address is taken.
  [[nodiscard]] Result<void> start(Parts parts, Beginning beginning);

  /// Ends both threads; nothing more is sent or acknowledged. Call before Engine::stop().
  void stop();

  /// Addresses with their ports. REQUIRES: start() succeeded.
  [[nodiscard]] const std::string& control_endpoint() const { return control_endpoint_; }
  [[nodiscard]] const std::string& log_endpoint() const { return log_endpoint_; }

  /// Every known worker, by id.
  [[nodiscard]] std::vector<WorkerPresence> workers() const;

 private:
  WorkerPort(Settings settings,
             std::shared_ptr<transport::Wakeup> control_wakeup,
             std::shared_ptr<transport::Wakeup> log_wakeup);
  [[nodiscard]] Result<transport::Router> listen(const std::string& endpoint,
                                                 const transport::SocketLimits& limits) const;

  Settings settings_;
  std::shared_ptr<transport::Wakeup> control_wakeup_;
  std::shared_ptr<transport::Wakeup> log_wakeup_;
  std::shared_ptr<Mail> mail_;
  Guarded<std::vector<WorkerPresence>> presence_;
  std::unique_ptr<AttemptOwners> owners_;
  std::unique_ptr<ControlThread> control_;
  std::unique_ptr<LogIngest> log_ingest_;
  std::string control_endpoint_;
  std::string log_endpoint_;
  std::jthread control_thread_;
  std::jthread log_thread_;
};

}  // namespace sheaf::workers
