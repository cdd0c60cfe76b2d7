#include "scheduler/triggers/fires.h"

#include <utility>

namespace sheaf::triggers {
namespace {

std::chrono::sys_seconds to_seconds(Timestamp instant) {
  return std::chrono::floor<std::chrono::seconds>(instant);
}

struct Walk {
  /// Oldest first; at most kMaxWalked.
  std::vector<Timestamp> fires;
  /// The first one that is not in `fires`; kNoTime: none.
  Timestamp following = kNoTime;
};

constexpr std::size_t kWanted = kMaxListedMisses + 1;
constexpr std::size_t kMaxWalked = 2 * kWanted;

/// The fires in (start, now], until there are kMaxWalked.
Walk walk(const Timetable& timetable, Timestamp start, Timestamp now) {
  Walk walk{.fires = {}, .following = next_after(timetable, start)};
  while (walk.following != kNoTime && walk.following <= now && walk.fires.size() < kMaxWalked) {
    walk.fires.push_back(walk.following);
    walk.following = next_after(timetable, walk.following);
  }
  return walk;
}

/// All fires in (settled, now], or at least the latest kWanted. Halves the time until a start has
/// few enough fires behind it: no spacing is assumed, since schedules are dense at some hours and
/// silent at others. Ends, since more than a second lies between a start with too many and one with
/// too few.
Walk walk_latest(const Timetable& timetable, Timestamp settled, Timestamp now) {
  Timestamp too_early = settled;
  Timestamp too_late = now;
  Timestamp start = settled;
  Walk found = walk(timetable, start, now);
  while (true) {
    const bool is_cut = found.following != kNoTime && found.following <= now;
    if (!is_cut && (start == settled || found.fires.size() >= kWanted)) {
      return found;
    }
    (is_cut ? too_early : too_late) = start;
    start = too_early + (too_late - too_early) / 2;
    found = walk(timetable, start, now);
  }
}

}  // namespace

Timestamp next_after(const Timetable& timetable, Timestamp instant) {
  const auto next = calendar::next_fire(
      timetable.expression, timetable.zone, timetable.rule, to_seconds(instant));
  return next ? Timestamp(*next) : kNoTime;
}

std::optional<DueFires> due_fires(const Timetable& timetable, Timestamp settled, Timestamp now) {
  Walk latest = walk_latest(timetable, settled, now);
  std::vector<Timestamp>& fires = latest.fires;
  if (fires.empty()) {
    return std::nullopt;
  }
  if (fires.size() > kWanted) {
    fires.erase(fires.begin(), fires.end() - static_cast<std::ptrdiff_t>(kWanted));
  }
  const Timestamp nominal = fires.back();
  fires.pop_back();
  return DueFires{.nominal = nominal, .skipped = std::move(fires), .following = latest.following};
}

}  // namespace sheaf::triggers
