// What a target's mode and presets change in jobs: name prefix, tags, paused schedules, runs at
// once.
#pragma once

#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/loader.h"
#include "bundles/targets.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// Checks what the mode demands and applies its presets, then the defaults of jobs. Presets fill in
/// only what is not set. Returns the keys of the jobs whose schedule it paused.
///
/// Requires: references are resolved.
[[nodiscard]] std::vector<std::string> apply_presets(Value& configuration,
                                                     const Target& target,
                                                     const std::string& user_name,
                                                     Findings& findings);

}  // namespace sheaf::bundles
