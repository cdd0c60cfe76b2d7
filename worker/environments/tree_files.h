// The parts of a deployment's tree on disk: its files' digests and modes, and whether anything in
// it was touched. Threads: any, each on trees of its own.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"
#include "common/model/manifest.h"

namespace sheaf::environments {

/// SHA-256 of a file's content, lower-case hex.
[[nodiscard]] Result<std::string> digest_of(const std::filesystem::path& file);

/// True when `path` is a regular file with the size, the mode and the content that the manifest
/// says.
[[nodiscard]] bool is_intact(const std::filesystem::path& path, const model::ManifestFile& file);

/// Changes with every write, chmod, creation, removal and rename in the tree: a digest over each
/// entry's name, inode, mode, size and time of change. Reads no content.
[[nodiscard]] Result<std::string> fingerprint_of(const std::filesystem::path& tree);

/// Owner and others may read (and enter, run); nobody writes.
void make_read_only(const std::filesystem::path& path, bool is_executable);

/// Makes a folder of a tree that its owner may change, in place of whatever has the name.
[[nodiscard]] Result<void> make_writable_folder(const std::filesystem::path& folder);

/// Removes a tree, also where its folders are read-only. A missing one is success.
[[nodiscard]] Result<void> remove_tree(const std::filesystem::path& tree);

}  // namespace sheaf::environments
