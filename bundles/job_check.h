// The strict check of a job's settings, its findings put where they stand in the files.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"
#include "common/model/job_settings.h"

namespace sheaf::bundles {

/// Compiles `settings_json`, which was made of `job` at `path`, and reports what
/// model::check_job_settings() finds. Findings about values that could not be resolved are left
/// out: their errors have been reported.
[[nodiscard]] model::JobSettings check_job(const Value& job,
                                           const Location& place,
                                           const std::string& path,
                                           const std::string& settings_json,
                                           Findings& findings);

}  // namespace sheaf::bundles
