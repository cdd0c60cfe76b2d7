#include "scheduler/triggers/fires.h"

#include <algorithm>

namespace sheaf::triggers {
namespace {

std::chrono::sys_seconds to_seconds(Timestamp instant) {
  return std::chrono::floor<std::chrono::seconds>(instant);
}

/// A start for the walk such that only about kMaxListedMisses fires lie before `now`: with more,
/// the spacing of the first ones tells how far back to look.
Timestamp walk_start(const Timetable& timetable, Timestamp settled, Timestamp now) {
  constexpr std::size_t kProbe = 64;
  Timestamp last = settled;
  for (std::size_t i = 0; i < kProbe; ++i) {
    const Timestamp next = next_after(timetable, last);
    if (next == kNoTime || next > now) {
      return settled;
    }
    last = next;
  }
  const Milliseconds spacing = (last - settled) / kProbe;
  return std::max(settled, now - spacing * static_cast<int>(kMaxListedMisses + 2));
}

}  // namespace

Timestamp next_after(const Timetable& timetable, Timestamp instant) {
  const auto next = calendar::next_fire(
      timetable.expression, timetable.zone, timetable.rule, to_seconds(instant));
  return next ? Timestamp(*next) : kNoTime;
}

std::optional<DueFires> due_fires(const Timetable& timetable, Timestamp settled, Timestamp now) {
  std::optional<DueFires> due;
  Timestamp next = next_after(timetable, walk_start(timetable, settled, now));
  for (std::size_t step = 0; next != kNoTime && next <= now && step < 8 * kMaxListedMisses;
       ++step) {
    if (!due) {
      due.emplace();
    } else {
      due->skipped.push_back(due->nominal);
    }
    due->nominal = next;
    next = next_after(timetable, next);
  }
  if (!due) {
    return std::nullopt;
  }
  if (due->skipped.size() > kMaxListedMisses) {
    const auto surplus = static_cast<std::ptrdiff_t>(due->skipped.size() - kMaxListedMisses);
    due->skipped.erase(due->skipped.begin(), due->skipped.begin() + surplus);
  }
  due->following = next;
  return due;
}

}  // namespace sheaf::triggers
