// Blobs: files by the SHA-256 of their content, at <folder>/ab/abcdef…. A blob that is there is
// whole and durable; it never changes.
//
// Uploads are written below <folder>/incoming and move to their name once their hash is right, so
// that any number of writers of one digest may race. Threads: Blobs any; a BlobWriter one at a
// time.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/model/manifest.h"
#include "common/os/digest.h"
#include "common/os/file.h"

namespace sheaf::files {

/// A blob open for reading; its file stays readable whatever happens to its name.
struct OpenBlob {
  os::FileDescriptor file;
  std::uint64_t size = 0;  ///< Bytes.
};

/// An upload under way. Dropped without finish(), it leaves nothing behind.
class BlobWriter {
 public:
  BlobWriter(BlobWriter&&) noexcept;
  BlobWriter& operator=(BlobWriter&&) noexcept;
  ~BlobWriter();

  /// Fails with kExhausted above limits::kMaxBlobBytes, or when the disk is full.
  [[nodiscard]] Result<void> append(std::string_view bytes);

  /// Makes the blob durable under its name. Fails with kInvalid, naming the digest that came out,
  /// when that is not the expected one.
  [[nodiscard]] Result<void> finish();

 private:
  friend class Blobs;
  struct Upload;
  explicit BlobWriter(std::unique_ptr<Upload> upload);
  std::unique_ptr<Upload> upload_;
};

class Blobs {
 public:
  /// Creates the folders where needed and removes what uploads of an earlier process left.
  /// REQUIRES: no other process uses the folder.
  [[nodiscard]] static Result<std::unique_ptr<Blobs>> open(const std::filesystem::path& folder);

  /// Begins an upload. Fails with kInvalid when `digest` is not 64 lower-case hex digits.
  [[nodiscard]] Result<BlobWriter> begin(std::string_view digest);

  /// Stores `bytes` and returns their digest; for small blobs.
  [[nodiscard]] Result<std::string> put(std::string_view bytes);

  /// Fails with kInvalid when `digest` is none.
  [[nodiscard]] Result<bool> contains(std::string_view digest) const;

  /// Those of `digests` that are not there, in their order, each once.
  [[nodiscard]] Result<std::vector<std::string>> missing(
      std::span<const std::string> digests) const;

  /// Fails with kNotFound when there is no such blob, kInvalid when `digest` is none.
  [[nodiscard]] Result<OpenBlob> open_blob(std::string_view digest) const;

  /// The whole blob, checked against its digest (kCorrupt); kExhausted when longer than
  /// `max_bytes`.
  [[nodiscard]] Result<std::string> read(std::string_view digest, std::size_t max_bytes) const;

  /// The manifest `digest` and all of its files are there, with the sizes that it names. Fails with
  /// kInvalid and says what is missing or wrong. O(files).
  [[nodiscard]] Result<model::Manifest> check_manifest(std::string_view digest) const;

 private:
  explicit Blobs(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] Result<std::filesystem::path> path_of(std::string_view digest) const;

  std::filesystem::path folder_;
  std::atomic<std::uint64_t> uploads_{0};
};

}  // namespace sheaf::files
