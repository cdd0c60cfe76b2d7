// The store's folder: whose it is, who has it open, and where its parts stand.
//
//   format      "sheaf store", format version and id; written before anything else
//   lock        flock(2)ed by the process that has the store open; holds its pid
//   high-water  what was acknowledged last (high_water.h)
//   rocksdb/    the rows
// Threads: one.
#pragma once

#include <filesystem>
#include <string>

#include "common/base/result.h"
#include "common/os/file.h"

namespace sheaf::store {

class StoreFolder {
 public:
  /// Locks the folder and reads its format file; creates both in a folder that is missing or empty.
  ///
  /// Fails with kUnsupported, nothing changed, when the folder holds foreign files or the store of
  /// a newer version; with kConflict when another process has it open.
  [[nodiscard]] static Result<StoreFolder> open(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& path() const { return folder_; }
  [[nodiscard]] std::filesystem::path rows() const { return folder_ / "rocksdb"; }
  [[nodiscard]] std::filesystem::path high_water() const { return folder_ / "high-water"; }
  /// A random UUID, given when the store was created.
  [[nodiscard]] const std::string& id() const { return id_; }

 private:
  StoreFolder(std::filesystem::path folder, std::string id, os::FileDescriptor lock)
      : folder_(std::move(folder)), id_(std::move(id)), lock_(std::move(lock)) {}

  std::filesystem::path folder_;
  std::string id_;
  os::FileDescriptor lock_;
};

}  // namespace sheaf::store
