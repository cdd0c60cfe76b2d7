// The engine: one core thread that decides, applies, places, encodes, commits and then releases.
//
// A batch is whatever commands wait when the last commit is done; nothing leaves before the commit
// of its batch: no reply, no effect, no published change. A failed commit ends the process.
// Threads: post() and stop() from any thread; callbacks run on the core thread and must not block.
#pragma once

#include <memory>

#include "common/base/result.h"
#include "scheduler/core/core.h"
#include "scheduler/engine/facts.h"
#include "scheduler/engine/turn.h"
#include "scheduler/store/store.h"

namespace sheaf::engine {

class Engine {
 public:
  /// `store` must outlive the engine.
  Engine(store::Store& store,
         Outlets outlets,
         Clock clock,
         ReadFile files = {},
         placement::Policy policy = placement::Policy::kSpread);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Recovers State, begins an epoch (committed before this returns), gives outstanding effects to
  /// the outlets and starts the core thread. Returns the new epoch.
  [[nodiscard]] Result<std::uint64_t> start();

  /// Queues a command. `on_outcome` runs on the core thread after its batch is committed; it is
  /// called exactly once, also when the queue is full (kExhausted) or the engine stops
  /// (kUnavailable) — then on the posting thread.
  void post(core::Command command, OnOutcome on_outcome);

  /// Posts and waits; for threads that may block (never the core thread).
  [[nodiscard]] Outcome call(core::Command command);

  /// Commits what was begun, refuses what still waits, joins the thread.
  void stop();

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace sheaf::engine
