// What a bundle may hold beside resources: known sections, and what is said about those that have
// no effect here.
#pragma once

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Checks the top-level keys and `bundle`. Requires: the target is
/// applied.
void check_sections(const Value& configuration, Findings& findings);

}  // namespace sheaf::bundles
