// Files with the durability that a caller can name: owned descriptors, whole writes, replacement by
// rename.
//
// Every failure is an Error whose message names the call and the path: ENOENT is kNotFound, a full
// disk or quota kExhausted, missing rights kUnauthorized, an existing file kConflict, all else
// kInternal. Threads: any; a FileDescriptor belongs to one thread at a time, but pread(2) on it may
// be shared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::os {

/// Owns an open descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { close(); }

  [[nodiscard]] int get() const { return descriptor_; }
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  /// Gives the descriptor to the caller.
  [[nodiscard]] int release();
  void close();

 private:
  int descriptor_ = -1;
};

/// The Error of a failed system call; `what` names call and path.
[[nodiscard]] Error error_of_errno(int error_number, std::string_view what);

/// open(2) with O_CLOEXEC added.
[[nodiscard]] Result<FileDescriptor> open_file(const std::filesystem::path& path,
                                               int flags,
                                               unsigned mode = 0600);

/// Opens for reading what must be a regular file; never waits, as an open(2) of a pipe would.
/// kInvalid for anything else: whoever shares a folder with foreign programs uses this.
[[nodiscard]] Result<FileDescriptor> open_regular_file(const std::filesystem::path& path);

/// Length of an open file, bytes.
[[nodiscard]] Result<std::uint64_t> file_size(int descriptor, const std::filesystem::path& path);

/// True when a read from the descriptor would not block now (data, end of file, or a pidfd whose
/// process ended).
[[nodiscard]] bool is_readable(int descriptor);

/// The whole regular file; kExhausted when it is longer than `max_bytes`.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path,
                                            std::size_t max_bytes);

/// Up to `limit` bytes from `offset`; fewer only at the end of the file.
[[nodiscard]] Result<std::string> read_at(int descriptor,
                                          std::uint64_t offset,
                                          std::size_t limit,
                                          const std::filesystem::path& path);

/// Writes all of `bytes` at the descriptor's position. Not durable until synced.
[[nodiscard]] Result<void> write_all(int descriptor,
                                     std::string_view bytes,
                                     const std::filesystem::path& path);

/// Writes all of `bytes` at `offset`. Not durable until synced.
[[nodiscard]] Result<void> write_all_at(int descriptor,
                                        std::string_view bytes,
                                        std::uint64_t offset,
                                        const std::filesystem::path& path);

/// fdatasync(2): contents and length survive a power loss after this.
[[nodiscard]] Result<void> sync_data(int descriptor, const std::filesystem::path& path);

/// fsync(2) of a folder: names created, renamed or removed in it survive a power loss after this.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

/// syncfs(2): whatever was written to the file system of `path` survives a power loss after this.
/// For many files at once, where one fsync each would take longer.
[[nodiscard]] Result<void> sync_file_system(const std::filesystem::path& path);

/// Creates `folder` and its missing parents with mode 0700, durably. An existing folder keeps its
/// mode.
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& folder);

/// Puts `contents` at `path` by writing `<path>.new`, fsync, rename and fsync of the folder: at
/// every instant the path holds the old contents or the new, whole. Two writers of one path at once
/// need a lock.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& path,
                                        std::string_view contents,
                                        unsigned mode = 0600);

}  // namespace sheaf::os
