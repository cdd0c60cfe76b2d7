// Schedules: expressions that are malformed or never fire, and time zones that do not exist.
#pragma once

#include <chrono>
#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Checks `schedule` of the job at `path`. Reads the system's zone files.
void check_schedule(const Value& job,
                    const std::string& path,
                    std::chrono::sys_seconds now,
                    Findings& findings);

}  // namespace sheaf::bundles
