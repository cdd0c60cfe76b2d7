// Watches schedules against the wall clock and posts a FireTrigger for each nominal time that
// comes, or that had come while the scheduler was down. It computes instants; the core remembers
// them.
//
// Threads: one of its own. watch() and unwatch() from any thread; they never block on the clock.
#pragma once

#include <memory>

#include "scheduler/core/effect.h"
#include "scheduler/engine/engine.h"

namespace sheaf::triggers {

class ScheduleWatcher {
 public:
  /// `engine` must outlive the watcher and is posted to once start() was called.
  explicit ScheduleWatcher(engine::Engine& engine);
  ~ScheduleWatcher();
  ScheduleWatcher(const ScheduleWatcher&) = delete;
  ScheduleWatcher& operator=(const ScheduleWatcher&) = delete;

  /// Replaces what is known of the schedule. One that cannot be understood (an unknown zone after
  /// an upgrade, say) is logged and left alone; the others go on.
  void watch(const core::WatchSchedule& order);
  void unwatch(const core::UnwatchSchedule& order);

  void start();
  void stop();

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;
};

}  // namespace sheaf::triggers
