// `artifacts` of a bundle: what is built before a deployment, as it is written. Building happens
// elsewhere (cli/artifact_builds.h): reading has no side effects. Any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// A wheel that the bundle builds.
struct Artifact {
  std::string name;
  /// Where it is built, absolute.
  std::filesystem::path folder;
  /// Command of a shell; empty: the default build, where `folder` holds a Python project.
  std::string build;
  /// Program that reads the command: "bash" or "sh".
  std::string shell;
  /// Absolute globs of what the build leaves; empty: `dist/*.whl` in `folder`.
  std::vector<std::string> sources;
  /// The time of the build becomes part of the wheel's version.
  bool has_dynamic_version = false;
  SourcePlace place;
};

/// What came of building: the file that travels in place of a wheel as it was built. Both absolute.
using BuiltWheels = std::map<std::filesystem::path, std::filesystem::path>;

/// Reads `artifacts`. Reports unknown fields, values of the wrong kind, kinds other than wheels,
/// and folders that do not exist. Requires: presets are applied.
[[nodiscard]] std::vector<Artifact> read_artifacts(const Value& configuration,
                                                   const std::filesystem::path& root,
                                                   const SourceFiles& files,
                                                   Findings& findings);

/// Of several wheels of one distribution, the one that was written last.
[[nodiscard]] std::vector<std::filesystem::path> newest_wheels(
    std::vector<std::filesystem::path> wheels);

/// True where a Python project stands that can be built without a command.
[[nodiscard]] bool is_python_project(const std::filesystem::path& folder);

}  // namespace sheaf::bundles
