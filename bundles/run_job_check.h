// Which jobs of a bundle run which others.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/loader.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Reports jobs that run each other in a circle, and chains of more than kMaxRunJobDepth run-job
/// tasks, and those that run a job that is `skipped`. `jobs` is the map of jobs as written,
/// `resources` their settings. Jobs that are named by id are unknown here: the scheduler holds the
/// same limits when they run.
void check_run_jobs(const Value& jobs,
                    const std::vector<JobResource>& resources,
                    const std::set<std::string>& skipped,
                    Findings& findings);

}  // namespace sheaf::bundles
