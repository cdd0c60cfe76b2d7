// Following a run to its end.
#pragma once

#include <functional>

#include <boost/json.hpp>

#include "cli/patient_scheduler.h"
#include "cli/run_view.h"
#include "common/base/result.h"

namespace sheaf::cli {

/// The run as it is now. Fails with kNotFound.
[[nodiscard]] Result<boost::json::object> get_run(PatientScheduler& scheduler, std::int64_t run_id);

/// The run once it is another than at `version`, or after `wait`.
[[nodiscard]] Result<boost::json::object> poll_run(PatientScheduler& scheduler,
                                                   std::int64_t run_id,
                                                   std::int64_t version,
                                                   Milliseconds wait);

/// Waits until the run has ended, also over restarts of the scheduler. `show` is called with each
/// new view and returns how long the next answer may be held back. Returns the last answer.
[[nodiscard]] Result<boost::json::object> watch_run(
    PatientScheduler& scheduler,
    std::int64_t run_id,
    const std::function<Milliseconds(const RunView&)>& show);

}  // namespace sheaf::cli
