// Resources that bundles may define: jobs run, of the others Sheaf says that it does not deploy
// them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Kinds that Sheaf knows by name, sorted.
[[nodiscard]] const std::vector<std::string>& resource_kinds();

/// What is done with a resource that Sheaf cannot deploy.
enum class Unsupported { kRefused, kSkipped };

/// Checks `resources`: its kinds, that keys are unique over them, and that jobs are maps. Refuses
/// every resource but jobs where it is defined, or skips it with a warning. Returns what is
/// skipped: "pipelines.lake".
[[nodiscard]] std::vector<std::string> check_resources(const Value& configuration,
                                                       Unsupported treatment,
                                                       Findings& findings);

/// Jobs of which every task is of a kind that Sheaf does not run; each is reported as skipped.
[[nodiscard]] std::set<std::string> skip_unsupported_jobs(const Value& jobs, Findings& findings);

}  // namespace sheaf::bundles
