#include "tests/sim/watcher.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace sheaf::sim {

void Watcher::watch(const core::WatchSchedule& order) {
  const core::ScheduleRecord& schedule = order.schedule;
  watched_.erase(schedule.id);
  if (schedule.settings.paused) {
    return;
  }
  auto expression = calendar::CronExpression::parse(schedule.settings.quartz_cron_expression);
  auto zone = calendar::fixed_zone(schedule.settings.timezone_id);
  SHEAF_CHECK(expression.has_value() && zone.has_value(), "the workload's schedules are sound");
  triggers::Timetable timetable{.expression = *std::move(expression), .zone = *std::move(zone)};
  const Timestamp next = triggers::next_after(timetable, schedule.settled);
  if (next != schedule.next) {
    post_(core::ArmTrigger{.trigger = schedule.id, .next = next}, [](const engine::Outcome&) {});
  }
  watched_.insert_or_assign(schedule.id,
                            Watched{.schedule = schedule,
                                    .timetable = std::move(timetable),
                                    .wake = next,
                                    .generation = ++generation_});
}

void Watcher::look() {
  const Timestamp now = wall_time_();
  for (auto& [id, watched] : watched_) {
    if (watched.wake == kNoTime || watched.wake > now) {
      continue;
    }
    const auto due = triggers::due_fires(watched.timetable, watched.schedule.settled, now);
    if (due) {
      fire(id, watched, *due);
    } else {
      watched.wake =
          triggers::next_after(watched.timetable, std::max(watched.schedule.settled, now));
    }
  }
}

void Watcher::fire(TriggerId trigger, Watched& watched, const triggers::DueFires& due) {
  watched.wake = kNoTime;
  const core::FireTrigger command{.trigger = trigger,
                                  .job = watched.schedule.job,
                                  .nominal = due.nominal,
                                  .following = due.following,
                                  .skipped = due.skipped};
  post_(command, [this, command, generation = watched.generation](const engine::Outcome& outcome) {
    settled(command, generation, outcome);
  });
}

void Watcher::settled(const core::FireTrigger& fire,
                      std::uint64_t generation,
                      const engine::Outcome& outcome) {
  const auto found = watched_.find(fire.trigger);
  if (found == watched_.end() || found->second.generation != generation) {
    return;
  }
  Watched& watched = found->second;
  if (outcome || outcome.error().code == ErrorCode::kConflict) {
    watched.schedule.settled = std::max(watched.schedule.settled, fire.nominal);
    watched.wake = fire.following;
  } else if (outcome.error().code == ErrorCode::kNotFound) {
    watched_.erase(found);
  } else {
    watched.wake = wall_time_() + std::chrono::seconds(1);
  }
}

}  // namespace sheaf::sim
