// A RocksDB file system that remembers what is durable: it can say what a power loss would leave,
// and can fail the n-th operation.
//
// Bytes are durable once their file was synced, names once their folder was. Of what is not, a
// power loss keeps any prefix of the bytes (or as many zeros) and either state of the name, as its
// seed says. Threads: any; RocksDB calls it from its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <rocksdb/file_system.h>

namespace sheaf::store {

class FaultFileSystem : public rocksdb::FileSystemWrapper {
 public:
  FaultFileSystem();

  static const char* kClassName() { return "FaultFileSystem"; }
  [[nodiscard]] const char* Name() const override { return kClassName(); }

  /// Called before the operation `number` (from 1), under the lock: must not use the file system.
  void at_operation(std::uint64_t number, std::function<void()> action);

  /// The operation `number` fails with an I/O error, and so do all after it that could make data
  /// durable.
  void fail_at(std::uint64_t number);

  /// From now on syncs succeed and do nothing, as on disks that lie.
  void lie_about_syncs();

  /// Changes of the file system so far: creations, writes, syncs, renames, removals.
  [[nodiscard]] std::uint64_t operations() const;

  /// Writes what a power loss now would leave of `folder` to `image`. Under the lock (see
  /// at_operation).
  void copy_after_power_loss(const std::filesystem::path& folder,
                             const std::filesystem::path& image,
                             unsigned seed) const;

  rocksdb::IOStatus NewWritableFile(const std::string& name,
                                    const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name,
                                 const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from,
                               const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Folder;

  /// A file, whatever its name is now.
  struct Inode {
    std::uint64_t written = 0;  ///< Bytes.
    std::uint64_t synced = 0;
    std::string path;                  ///< Where its content can be read while it has a name.
    std::optional<std::string> saved;  ///< The content, once it has none.
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct NameChange {
    std::string name;
    std::shared_ptr<Inode> inode;  ///< Null: the name is gone.
  };
  static void apply(const NameChange& change, Names& names);

  /// Counts an operation. REQUIRES: the lock is held.
  rocksdb::IOStatus begin_operation();
  void save_before_removal(const std::string& name);
  void change_name(const std::string& name, std::shared_ptr<Inode> inode);
  void sync_names();
  [[nodiscard]] static std::string content_after_power_loss(const Inode& inode,
                                                            std::mt19937& random);

  mutable std::mutex mutex_;
  std::uint64_t operations_ = 0;
  std::uint64_t failing_from_ = 0;  ///< 0: never.
  bool is_lying_ = false;
  std::uint64_t action_at_ = 0;
  std::function<void()> action_;
  Names live_;
  Names durable_;
  std::vector<NameChange> unsynced_names_;  ///< What leads from durable_ to live_.
};

}  // namespace sheaf::store
