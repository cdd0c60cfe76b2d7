#include "common/os/clocks.h"

#include <ctime>

namespace sheaf::os {

namespace {

Milliseconds read_clock(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::chrono::duration_cast<Milliseconds>(std::chrono::seconds(now.tv_sec) +
                                                  std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace

Timestamp wall_time() {
  return Timestamp(read_clock(CLOCK_REALTIME));
}

Milliseconds boot_time() {
  return read_clock(CLOCK_BOOTTIME);
}

}  // namespace sheaf::os
