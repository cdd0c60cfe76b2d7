// What `sheaf run` and `sheaf repair` do once a run is under way: show it to its end.
#pragma once

#include <cstdint>

#include "cli/exit_status.h"
#include "cli/invocation.h"
#include "cli/patient_scheduler.h"

namespace sheaf::cli {

/// Shows the run until it ends, then its output, or the run as JSON. kRunFailed when it did not
/// succeed.
[[nodiscard]] Result<ExitStatus> follow_run(const Invocation& invocation,
                                            PatientScheduler& scheduler,
                                            std::int64_t run_id);

}  // namespace sheaf::cli
