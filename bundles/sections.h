// What a bundle may hold beside jobs: known sections and resource kinds, and what is said about
// those that have no effect here.
#pragma once

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Checks the top-level keys, `bundle`, and the kinds of resources. Requires: the target is
/// applied.
void check_sections(const Value& configuration, Findings& findings);

}  // namespace sheaf::bundles
