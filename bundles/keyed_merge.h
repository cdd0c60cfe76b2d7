// Lists of resources whose elements have a name: what a target says joins what it overrides.
#pragma once

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Joins `tasks` by task_key (and sorts by it), `job_clusters` by job_cluster_key and `parameters`
/// by name in jobs, `grants` by principal in all resources, `resources` of apps by name. All other
/// lists stay one behind the other. Sorts jobs by key.
///
/// Requires: the target is applied and references are resolved.
void merge_keyed_resources(Value& configuration, Findings& findings);

}  // namespace sheaf::bundles
