// The files of a bundle that travel with a deployment, and the manifest that names their contents.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bundles/sync.h"
#include "common/base/result.h"
#include "common/model/manifest.h"

namespace sheaf::bundles {

struct ListedFiles {
  /// Relative and sorted.
  std::vector<std::string> names;
  /// Links to files that are not there, which cannot travel; but not the locks of editors (.#x).
  std::vector<std::string> dead_links;
};

/// The travelling files: below the rules' paths in a git work tree what git tracks or does not
/// ignore, else everything; beside it what `include` matches, without what `exclude` matches; never
/// `.git`, `.databricks` or the root's `.internal`. Links to files inside the root count as the
/// files that they lead to.
///
/// Fails with kInvalid on a link that leads out of the root and on names that a manifest cannot
/// hold, saying why, with kExhausted over the limits of common/model/manifest.h and
/// common/base/limits.h.
[[nodiscard]] Result<ListedFiles> list_files(const SyncRules& rules);

/// Everything below `root`, as without a `sync` section.
[[nodiscard]] Result<ListedFiles> list_files(const std::filesystem::path& root);

/// A file's name for people, with control characters as \\xNN.
[[nodiscard]] std::string shown_name(std::string_view name);

struct HashedTree {
  model::Manifest manifest;
  /// Canonical text of the manifest.
  std::string text;
  /// Hex SHA-256 of `text`: names the whole tree.
  std::string digest;
  /// Where the contents are that do not stand below the root under their own name.
  std::map<std::string, std::filesystem::path> elsewhere;

  /// The file on this machine whose content `file` names.
  [[nodiscard]] std::filesystem::path source_of(const std::filesystem::path& root,
                                                const model::ManifestFile& file) const;
};

/// Reads and hashes `files` (as list_files gave them) and those `elsewhere` (path in the manifest →
/// absolute file). Fails with kConflict on a file that changed
/// its kind or went away meanwhile.
[[nodiscard]] Result<HashedTree> hash_files(
    const std::filesystem::path& root,
    const std::vector<std::string>& files,
    std::map<std::string, std::filesystem::path> elsewhere = {});

}  // namespace sheaf::bundles
