// The workspace of a deployment: where its files seem to stand. Paths only; nothing is asked.
#pragma once

#include <string>

#include "bundles/diagnostics.h"
#include "bundles/loader.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// "ann.b@example.org" → "ann_b": up to the `@`, what is neither letter nor digit as `_`.
[[nodiscard]] std::string short_user_name(const std::string& user_name);

/// Fills in workspace.current_user and the workspace paths, resolves the references in them and in
/// `bundle`, and writes the results back. "~" is the user's folder; "/Workspace" is put before
/// absolute paths that are in neither /Workspace nor /Volumes.
[[nodiscard]] WorkspacePaths settle_workspace(Value& configuration,
                                              const std::string& user_name,
                                              Findings& findings);

}  // namespace sheaf::bundles
