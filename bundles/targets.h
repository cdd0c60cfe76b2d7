// Targets: which one counts, and what it changes.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/loader.h"
#include "bundles/value.h"

namespace sheaf::bundles {

struct Target {
  std::string name;
  Mode mode = Mode::kNone;
  /// The target itself sets workspace.root_path, as production wants it.
  bool has_root_path = false;
  /// Where the target is written; unknown when the bundle has none.
  Location place;
};

/// All names, in the order of writing.
[[nodiscard]] std::vector<std::string> target_names(const Value& configuration);

/// Chooses by `wanted`, DATABRICKS_BUNDLE_TARGET, the only one, the default one. Findings say why
/// there is none.
[[nodiscard]] std::optional<std::string> choose_target(
    const Value& configuration,
    const std::string& wanted,
    const std::map<std::string, std::string>& environment,
    Findings& findings);

/// Merges the target `name` over the configuration, drops `targets`, and sets bundle.target.
[[nodiscard]] Target apply_target(Value& configuration,
                                  const std::string& name,
                                  Findings& findings);

}  // namespace sheaf::bundles
