// Tasks that cannot run, however the others end.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"
#include "common/model/job_settings.h"

namespace sheaf::bundles {

/// Warns of each task that will never run: everything before it is disabled or cannot run itself,
/// or it is on the branch that a comparison of two constants does not take, or its `run_if` wants
/// failures of tasks that exclude each other. A comparison with a `${…}` in it is no constant: it
/// differs from target to target. `settings` is what became of `job`, which stands at `path`.
void check_reach(const Value& job,
                 const model::JobSettings& settings,
                 const std::string& path,
                 Findings& findings);

}  // namespace sheaf::bundles
