// Values of the bundle's variables: --var, BUNDLE_VAR_<name>, a look-up (which nobody answers
// here), the override file, the target, the declaration, in this order.
#pragma once

#include <map>
#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"
#include "common/model/job_settings.h"

namespace sheaf::bundles {

struct VariableSources {
  model::NamedStrings arguments;  ///< --var.
  /// --var of the last deployment: count where nothing is given now; unknown names are ignored.
  model::NamedStrings recalled;
  std::map<std::string, std::string> environment;  ///< BUNDLE_VAR_<name> are read.
  Value override_file;  ///< Content of variable-overrides.json; null: none.
};

/// Sets `variables.<name>.value` of each declared variable that has a value; references in it are
/// not resolved yet. Requires: the target is applied.
void assign_variables(Value& configuration, const VariableSources& sources, Findings& findings);

}  // namespace sheaf::bundles
