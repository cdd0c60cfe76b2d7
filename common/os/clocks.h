// The clocks of this machine, for those layers that may read one. Any thread.
#pragma once

#include "common/base/time.h"

namespace sheaf::os {

/// UTC now. May jump: never measure durations with it.
[[nodiscard]] Timestamp wall_time();

/// Time since boot, suspend included (CLOCK_BOOTTIME). For leases, deadlines and durations.
[[nodiscard]] Milliseconds boot_time();

}  // namespace sheaf::os
