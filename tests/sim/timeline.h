// True time, which nobody in the simulated world can read, and what happens in it.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "common/base/time.h"

namespace sheaf::sim {

class Timeline {
 public:
  using Action = std::function<void()>;

  /// Since the beginning of the story.
  [[nodiscard]] Milliseconds now() const { return now_; }

  void after(Milliseconds pause, Action action) { at(now_ + pause, std::move(action)); }
  void at(Milliseconds when, Action action) {
    actions_.push(
        {.when = std::max(when, now_), .number = next_number_++, .run = std::move(action)});
  }

  /// Does the next thing; false when nothing is left.
  bool step() {
    if (actions_.empty()) {
      return false;
    }
    const Entry entry = actions_.top();
    actions_.pop();
    now_ = entry.when;
    ++steps_;
    entry.run();
    return true;
  }

  [[nodiscard]] std::uint64_t steps() const { return steps_; }

 private:
  struct Entry {
    Milliseconds when{0};
    std::uint64_t number = 0;
    Action run;
    bool operator<(const Entry& other) const {
      return std::pair(when, number) > std::pair(other.when, other.number);
    }
  };

  Milliseconds now_{0};
  std::uint64_t next_number_ = 0;
  std::uint64_t steps_ = 0;
  std::priority_queue<Entry> actions_;
};

/// One machine's clocks. The boot clock runs a little fast or slow and never jumps; the wall clock
/// jumps.
struct Clocks {
  std::int64_t drift_ppm = 0;
  Milliseconds wall_offset{0};
  Milliseconds booted{0};

  [[nodiscard]] Milliseconds boot_time(Milliseconds now) const {
    const std::int64_t elapsed = (now - booted).count();
    return Milliseconds(1'000'000 + elapsed + elapsed * drift_ppm / 1'000'000);
  }
  [[nodiscard]] Timestamp wall_time(Milliseconds now) const {
    return from_epoch_ms(1'700'000'000'000) + now + wall_offset;
  }
};

}  // namespace sheaf::sim
