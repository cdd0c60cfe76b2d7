// Ending what is left of an attempt whose shim died. Any thread.
#pragma once

#include "common/base/result.h"
#include "common/base/time.h"
#include "worker/runner/attempt_folder.h"
#include "worker/runner/records.h"

namespace sheaf::runner {

/// Kills every process of the attempt that is still there and waits for their ends, for at most
/// `patience`. By the attempt's cgroup if it has one; else each process that carries its
/// SHEAF_TASK_VALUES, its main process with the session of that, and all descendants of these.
/// True if none is left, false if some outlast the patience.
[[nodiscard]] Result<bool> end_survivors(const AttemptFolder& folder,
                                         const StartRecord& start,
                                         Milliseconds patience);

}  // namespace sheaf::runner
