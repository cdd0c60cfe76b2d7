// Wheels of a bundle that its tasks and environments name: from the path or glob as written to the
// path in the workspace, beside the deployment's files. Reads folders. Any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "bundles/artifacts.h"
#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

struct LibraryContext {
  std::filesystem::path root;       ///< The bundle's folder.
  std::filesystem::path sync_root;  ///< Of what travels: it, or a folder above it.
  std::string file_path;            ///< Workspace path of `sync_root`.
  std::string artifact_path;        ///< Workspace path of what is built.
  const SourceFiles& files;
  /// Whether the bundle builds wheels that may be missing still.
  enum class Stage { kNothingToBuild, kNotYetBuilt, kBuilt };
  Stage stage = Stage::kNothingToBuild;
  const BuiltWheels& built;
};

/// Manifest path (".internal/x.whl") → file on this machine.
using ArtifactFiles = std::map<std::string, std::filesystem::path>;

/// Replaces local wheels under `tasks[].libraries[].whl` and
/// `environments[].spec.dependencies[]` by `<artifact_path>/.internal/<name>`, a glob by one entry
/// for each wheel, and adds the wheels to `wheels`. A relative path starts at the file in which it
/// is used. Reports what matches nothing (unless it is still to be built), two wheels of one name,
/// and packages that are neither wheels nor in an index.
void translate_libraries(Value& job,
                         const std::string& path,
                         const LibraryContext& context,
                         ArtifactFiles& wheels,
                         Findings& findings);

}  // namespace sheaf::bundles
