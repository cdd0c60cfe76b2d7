// The manifest of a deployment's files: one line a file, sorted by path, behind a line with the
// version:
//
//   sheaf-manifest 1
//   <sha256 hex> <size> <x|-> <path>
//
// Text only; hashing happens elsewhere. The digest of this text names the whole tree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace sheaf::model {

inline constexpr std::size_t kMaxManifestFiles = 100'000;
inline constexpr std::size_t kMaxManifestBytes = 64u << 20;
inline constexpr std::size_t kMaxManifestPathBytes = 4'096;

/// Folder of a deployment's files that holds what its artifacts were built to; no file of the
/// bundle stands there. In the workspace it is below the artifact path.
inline constexpr std::string_view kArtifactFolder = ".internal/";

struct ManifestFile {
  /// Relative, `/` between segments; no empty, `.` or `..` segment, no control character.
  std::string path;
  std::string digest;      ///< Lower-case hex SHA-256 of the content.
  std::uint64_t size = 0;  ///< Bytes.
  bool is_executable = false;
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

/// Sorted by path, each path once, no path below another file's path.
struct Manifest {
  std::vector<ManifestFile> files;
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// True for a path that a manifest may hold. Such a path never leads out of the folder it is put
/// into.
[[nodiscard]] bool is_manifest_path(std::string_view path);

/// A manifest's path without folders: the name of a file or a folder.
[[nodiscard]] bool is_manifest_name(std::string_view name);

/// True for 64 lower-case hexadecimal digits.
[[nodiscard]] bool is_digest(std::string_view text);

/// The canonical text. Requires what the types say; sorts.
[[nodiscard]] std::string format_manifest(const Manifest& manifest);

/// Reads canonical text. Fails with kCorrupt and the line's number on anything else, with
/// kUnsupported on another version, with kExhausted over the limits.
[[nodiscard]] Result<Manifest> parse_manifest(std::string_view text);

}  // namespace sheaf::model
