// Which files of a bundle's surroundings belong to it: `sync.paths`, `sync.include`,
// `sync.exclude`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// What list_files lists. Names and patterns are relative to `root`.
struct SyncRules {
  /// Absolute. The bundle's folder, or where `sync.paths` reach outside, the nearest folder above
  /// it that holds all of them.
  std::filesystem::path root;
  /// Of the bundle in `root`: "", or "teams/wine".
  std::string bundle_folder;
  /// Folders and files below `root`; "" is all of it.
  std::vector<std::string> paths = {""};
  /// Patterns as .gitignore has them: files that travel although git ignores them.
  std::vector<std::string> include;
  /// Patterns of files that do not travel.
  std::vector<std::string> exclude;
};

/// Rules without a `sync` section: everything in `bundle_root`.
[[nodiscard]] SyncRules all_below(const std::filesystem::path& bundle_root);

/// Reads the `sync` section of the configuration. A path and a pattern are relative to the file in
/// which they are written; a pattern without a slash holds in all folders from there on.
///
/// Requires: references are resolved.
[[nodiscard]] SyncRules read_sync(const Value& configuration,
                                  const std::filesystem::path& bundle_root,
                                  const SourceFiles& files,
                                  Findings& findings);

}  // namespace sheaf::bundles
