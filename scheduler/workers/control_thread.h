// The thread that lends Control its socket, its wakeup and its clocks.
#pragma once

#include <memory>
#include <stop_token>

#include "common/transport/poller.h"
#include "common/transport/router.h"
#include "scheduler/engine/engine.h"
#include "scheduler/workers/control.h"

namespace sheaf::workers {

/// Threads: run() is the control thread; constructed before it begins.
class ControlThread {
 public:
  /// What the thread uses; all outlive it.
  struct Parts {
    const Settings& settings;
    engine::Engine& engine;
    AttemptOwners& owners;
    Guarded<std::vector<WorkerPresence>>& presence;
    std::shared_ptr<Mail> mail;
    std::shared_ptr<transport::Wakeup> wakeup;
  };

  ControlThread(const Parts& parts, Control::Beginning beginning, transport::Router router);
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  void run(const std::stop_token& stop);

 private:
  void receive_frames();

  std::shared_ptr<transport::Wakeup> wakeup_;
  transport::Router router_;
  Control control_;
};

}  // namespace sheaf::workers
