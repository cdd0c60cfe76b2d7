#include "scheduler/triggers/schedule_watcher.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>

#include "common/os/clocks.h"
#include "common/os/zones.h"
#include "common/telemetry/log.h"
#include "scheduler/triggers/fires.h"

namespace sheaf::triggers {
namespace {

/// After a refusal that may pass (the engine's queue is full).
constexpr std::chrono::seconds kRetryAfter{1};

Result<Timetable> make_timetable(const model::ScheduleSettings& settings) {
  auto expression = calendar::CronExpression::parse(settings.quartz_cron_expression);
  if (!expression) {
    return fail(expression.error());
  }
  auto zone = os::load_zone(settings.timezone_id);
  if (!zone) {
    return fail(zone.error());
  }
  return Timetable{.expression = std::move(*expression),
                   .zone = std::move(*zone),
                   .rule = settings.daylight_saving == model::DaylightSavingRule::kQuartz
                               ? calendar::DaylightSaving::kQuartz
                               : calendar::DaylightSaving::kWallClock};
}

struct Watched {
  core::ScheduleRecord schedule;
  Timetable timetable;
  /// When to look again: the next nominal time, or kNoTime while a fire is being committed.
  Timestamp wake = kNoTime;
  /// Counts watch() calls of this id: outcomes of earlier ones are stale.
  std::uint64_t generation = 0;
};

}  // namespace

/// Shared with the outcomes that the engine still owes; those find it stopped, never gone.
class ScheduleWatcher::Loop : public std::enable_shared_from_this<ScheduleWatcher::Loop> {
 public:
  explicit Loop(engine::Engine& engine) : engine_(engine) {}

  using Order = std::variant<core::WatchSchedule, core::UnwatchSchedule>;

  void order(Order order);
  void start();
  void stop();

 private:
  struct Fire {
    core::FireTrigger command;
    std::uint64_t generation = 0;
  };

  void run();
  void obey(const core::WatchSchedule& order);
  void obey(const core::UnwatchSchedule& order);
  [[nodiscard]] std::optional<Fire> take_due(Timestamp now);
  [[nodiscard]] std::optional<Timestamp> earliest() const;
  void post(const Fire& fire);
  void settled(const Fire& fire, const engine::Outcome& outcome);

  engine::Engine& engine_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Order> orders_;
  std::map<TriggerId, Watched> watched_;
  std::uint64_t generation_ = 0;
  bool is_stopping_ = false;
  std::thread thread_;
};

void ScheduleWatcher::Loop::order(Order order) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(std::move(order));
  changed_.notify_one();
}

void ScheduleWatcher::Loop::obey(const core::UnwatchSchedule& order) {
  const std::lock_guard lock(mutex_);
  watched_.erase(order.trigger);
}

void ScheduleWatcher::Loop::obey(const core::WatchSchedule& order) {
  const core::ScheduleRecord& schedule = order.schedule;
  obey(core::UnwatchSchedule{.trigger = schedule.id});
  if (schedule.settings.paused) {
    return;
  }
  auto timetable = make_timetable(schedule.settings);
  if (!timetable) {
    telemetry::log(telemetry::Level::kError,
                   "schedule of job " + to_string(schedule.job) +
                       " cannot be watched: " + timetable.error().message);
    return;
  }
  const Timestamp next = next_after(*timetable, schedule.settled);
  if (next != schedule.next) {
    engine_.post(core::ArmTrigger{.trigger = schedule.id, .next = next},
                 [](const engine::Outcome&) {});
  }
  const std::lock_guard lock(mutex_);
  watched_.insert_or_assign(schedule.id,
                            Watched{.schedule = schedule,
                                    .timetable = std::move(*timetable),
                                    .wake = next,
                                    .generation = ++generation_});
}

void ScheduleWatcher::Loop::start() {
  thread_ = std::thread([this] { run(); });
}

void ScheduleWatcher::Loop::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) {
    thread_.join();
  }
}

std::optional<Timestamp> ScheduleWatcher::Loop::earliest() const {
  std::optional<Timestamp> first;
  for (const auto& [id, watched] : watched_) {
    if (watched.wake != kNoTime && (!first || watched.wake < *first)) {
      first = watched.wake;
    }
  }
  return first;
}

std::optional<ScheduleWatcher::Loop::Fire> ScheduleWatcher::Loop::take_due(Timestamp now) {
  for (auto& [id, watched] : watched_) {
    if (watched.wake == kNoTime || watched.wake > now) {
      continue;
    }
    auto due = due_fires(watched.timetable, watched.schedule.settled, now);
    if (!due) {
      watched.wake = next_after(watched.timetable, std::max(watched.schedule.settled, now));
      continue;
    }
    watched.wake = kNoTime;
    return Fire{.command = {.trigger = id,
                            .job = watched.schedule.job,
                            .nominal = due->nominal,
                            .following = due->following,
                            .skipped = std::move(due->skipped)},
                .generation = watched.generation};
  }
  return std::nullopt;
}

void ScheduleWatcher::Loop::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    if (!orders_.empty()) {
      const Order order = std::move(orders_.front());
      orders_.pop_front();
      lock.unlock();
      std::visit([this](const auto& known) { obey(known); }, order);
      lock.lock();
      continue;
    }
    if (const auto fire = take_due(os::wall_time())) {
      lock.unlock();
      post(*fire);
      lock.lock();
      continue;
    }
    if (const auto wake = earliest()) {
      changed_.wait_until(lock, *wake);
    } else {
      changed_.wait(lock);
    }
  }
}

void ScheduleWatcher::Loop::post(const Fire& fire) {
  engine_.post(fire.command, [self = shared_from_this(), fire](const engine::Outcome& outcome) {
    self->settled(fire, outcome);
  });
}

void ScheduleWatcher::Loop::settled(const Fire& fire, const engine::Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(fire.command.trigger);
  if (found == watched_.end() || found->second.generation != fire.generation) {
    return;
  }
  Watched& watched = found->second;
  if (outcome || outcome.error().code == ErrorCode::kConflict) {
    watched.schedule.settled = std::max(watched.schedule.settled, fire.command.nominal);
    watched.wake = fire.command.following;
  } else if (outcome.error().code == ErrorCode::kNotFound) {
    watched_.erase(found);
  } else {
    watched.wake = os::wall_time() + kRetryAfter;
  }
  changed_.notify_one();
}

ScheduleWatcher::ScheduleWatcher(engine::Engine& engine) : loop_(std::make_shared<Loop>(engine)) {}

ScheduleWatcher::~ScheduleWatcher() {
  loop_->stop();
}

void ScheduleWatcher::watch(const core::WatchSchedule& order) {
  loop_->order(order);
}

void ScheduleWatcher::unwatch(const core::UnwatchSchedule& order) {
  loop_->order(order);
}

void ScheduleWatcher::start() {
  loop_->start();
}

void ScheduleWatcher::stop() {
  loop_->stop();
}

}  // namespace sheaf::triggers
