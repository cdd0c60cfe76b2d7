// Files of a bundle that its tasks name: from the path as written to the path on the scheduler.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

struct PathContext {
  std::filesystem::path root;           ///< Of what travels: SyncRules::root.
  std::filesystem::path bundle_folder;  ///< Of the bundle in it; empty where both are one.
  std::string file_path;                ///< Workspace path of the root.
  const SourceFiles& files;
  /// Files that a deployment takes along, relative; nothing: could not be listed.
  std::optional<std::set<std::string>> travelling;
};

/// Rewrites `spark_python_task.python_file`, `notebook_task.notebook_path` (which loses its
/// extension) and `libraries[].requirements` of each task, and `-r <file>` of environments, to
/// `<file_path>/<path below the root>`, and `for_each_task.sheaf.inputs_file` to the path below the
/// root. A relative path starts at the file in which it is used. Reports files that do not exist,
/// lie outside the bundle or do not travel, scripts that are notebooks and notebooks that are none,
/// and inputs that are no JSON in the first thousand lines.
void translate_paths(Value& job,
                     const std::string& path,
                     const PathContext& context,
                     Findings& findings);

}  // namespace sheaf::bundles
