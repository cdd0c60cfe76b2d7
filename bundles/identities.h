// Who runs jobs and who may do what with them: `run_as` and `permissions` of the bundle and of its
// jobs. Sheaf hands both on as they are resolved here.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Gives jobs the bundle's `run_as` where they have none, and the bundle's `permissions` beside
/// their own; on jobs CAN_RUN is CAN_MANAGE_RUN. A job with permissions belongs to `deployer`
/// (IS_OWNER) unless it names another owner. What is no permission is dropped with a warning; a
/// `run_as` that names none or two is an error.
///
/// Requires: references are resolved.
void apply_identities(Value& configuration, const std::string& deployer, Findings& findings);

}  // namespace sheaf::bundles
