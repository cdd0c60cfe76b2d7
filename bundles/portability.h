// What of a job means something to Sheaf alone.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Reports each part of the job at `path` that the vendor's cloud would refuse or run otherwise, as
/// errors: blocks named `sheaf`, command tasks, Python tasks that name no compute.
void check_portability(const Value& job, const std::string& path, Findings& findings);

}  // namespace sheaf::bundles
