// A disk in memory, as RocksDB sees one, that knows which bytes and names are durable.
//
// Bytes are durable once their file was synced, names once their folder was. A process that dies
// leaves everything that it wrote; a machine that loses its power leaves what is durable, any
// prefix of the other bytes (or as many zeros) and of the other changes of names. Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <rocksdb/file_system.h>

#include "tests/sim/dice.h"

namespace sheaf::sim {

class MemoryDisk : public rocksdb::FileSystem {
 public:
  static const char* kClassName() { return "MemoryDisk"; }
  [[nodiscard]] const char* Name() const override { return kClassName(); }

  /// What is there when the process dies now, on a disk of its own.
  [[nodiscard]] std::shared_ptr<MemoryDisk> after_process_death() const;
  /// What is there when the power fails now, on a disk of its own.
  [[nodiscard]] std::shared_ptr<MemoryDisk> after_power_loss(Dice& dice) const;

  /// Called once, before the write or sync that is the `number`-th from now (from 1) of a log file,
  /// without the lock.
  void before_log_operation(std::uint64_t number, std::function<void()> action);
  void forget_action();

  rocksdb::IOStatus NewSequentialFile(const std::string& name,
                                      const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& name,
                                    const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name,
                                 const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewLogger(const std::string& name,
                              const rocksdb::IOOptions& options,
                              std::shared_ptr<rocksdb::Logger>* result,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus FileExists(const std::string& name,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& folder,
                                const rocksdb::IOOptions& options,
                                std::vector<std::string>* result,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& name,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& name,
                                       const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& name,
                              const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& name,
                                const rocksdb::IOOptions& options,
                                std::uint64_t* size,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& name,
                                            const rocksdb::IOOptions& options,
                                            std::uint64_t* time,
                                            rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from,
                               const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& name,
                             const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions& options,
                                     std::string* path,
                                     rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetAbsolutePath(const std::string& name,
                                    const rocksdb::IOOptions& options,
                                    std::string* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus IsDirectory(const std::string& name,
                                const rocksdb::IOOptions& options,
                                bool* is_folder,
                                rocksdb::IODebugContext* debug) override;

 private:
  class Reading;
  class Writing;
  class Folder;

  /// A file, whatever its name is now.
  struct Inode {
    std::string bytes;
    std::size_t synced = 0;
  };
  using Names = std::map<std::string, std::shared_ptr<Inode>>;
  struct NameChange {
    std::string name;
    std::shared_ptr<Inode> inode;  ///< Null: the name is gone.
  };

  /// Without repeated and last slashes.
  [[nodiscard]] static std::string normal(const std::string& name);
  [[nodiscard]] static bool is_log(const std::string& name);
  static void apply(const NameChange& change, Names& names);
  /// Any prefix of the unsynced bytes, or as many zeros, is left.
  static void lose_bytes(Inode& inode, Dice dice);
  /// How many of the unsynced changes of names outlive a loss of power. The lock is held.
  [[nodiscard]] std::size_t names_kept(Dice dice) const;
  void change_name(const std::string& name, std::shared_ptr<Inode> inode);
  [[nodiscard]] std::shared_ptr<Inode> find(const std::string& name) const;
  void reach_log_operation(bool is_log);

  mutable std::mutex mutex_;
  Names live_;
  Names durable_;
  std::vector<NameChange> unsynced_names_;  ///< What leads from durable_ to live_.
  std::set<std::string> folders_;
  std::uint64_t action_after_ = 0;  ///< 0: never.
  std::function<void()> action_;
};

}  // namespace sheaf::sim
