// scheduler/triggers/schedule_watcher as it behaves, without its thread: the arithmetic of fires is
// the real one. A thin model: keep it to what that file does.
#pragma once

#include <functional>
#include <map>

#include "scheduler/core/effect.h"
#include "scheduler/engine/turn.h"
#include "scheduler/triggers/fires.h"
#include "tests/sim/timeline.h"

namespace sheaf::sim {

class Watcher {
 public:
  using Post = std::function<void(core::Command, engine::OnOutcome)>;

  Watcher(Post post, std::function<Timestamp()> wall_time)
      : post_(std::move(post)), wall_time_(std::move(wall_time)) {}

  void watch(const core::WatchSchedule& order);
  void unwatch(const core::UnwatchSchedule& order) { watched_.erase(order.trigger); }
  /// Fires what is due.
  void look();

 private:
  struct Watched {
    core::ScheduleRecord schedule;
    triggers::Timetable timetable;
    Timestamp wake = kNoTime;  ///< kNoTime while a fire is being committed.
    std::uint64_t generation = 0;
  };

  void fire(TriggerId trigger, Watched& watched, const triggers::DueFires& due);
  void settled(const core::FireTrigger& fire,
               std::uint64_t generation,
               const engine::Outcome& outcome);

  Post post_;
  std::function<Timestamp()> wall_time_;
  std::map<TriggerId, Watched> watched_;
  std::uint64_t generation_ = 0;
};

}  // namespace sheaf::sim
