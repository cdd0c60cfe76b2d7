// The disk's names: files come, go and are found.
#include "tests/sim/memory_disk.h"

namespace sheaf::sim {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class Lock : public rocksdb::FileLock {};

}  // namespace

IOStatus MemoryDisk::FileExists(const std::string& name,
                                const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  return find(name) || folders_.contains(normal(name)) ? IOStatus::OK() : IOStatus::NotFound(name);
}

IOStatus MemoryDisk::GetChildren(const std::string& folder,
                                 const IOOptions& /*options*/,
                                 std::vector<std::string>* result,
                                 IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  const std::string prefix = normal(folder) + "/";
  result->clear();
  for (const auto& [name, inode] : live_) {
    if (name.starts_with(prefix) && name.find('/', prefix.size()) == std::string::npos) {
      result->push_back(name.substr(prefix.size()));
    }
  }
  const bool is_there = !result->empty() || folders_.contains(normal(folder));
  return is_there ? IOStatus::OK() : IOStatus::NotFound(folder);
}

IOStatus MemoryDisk::DeleteFile(const std::string& name,
                                const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  if (!find(name)) {
    return IOStatus::NotFound(name);
  }
  change_name(normal(name), nullptr);
  return IOStatus::OK();
}

IOStatus MemoryDisk::CreateDir(const std::string& name,
                               const IOOptions& /*options*/,
                               IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  folders_.insert(normal(name));
  return IOStatus::OK();
}

IOStatus MemoryDisk::CreateDirIfMissing(const std::string& name,
                                        const IOOptions& options,
                                        IODebugContext* debug) {
  return CreateDir(name, options, debug);
}

IOStatus MemoryDisk::DeleteDir(const std::string& name,
                               const IOOptions& /*options*/,
                               IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  folders_.erase(normal(name));
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetFileSize(const std::string& name,
                                 const IOOptions& /*options*/,
                                 std::uint64_t* size,
                                 IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  const auto inode = find(name);
  if (!inode) {
    return IOStatus::NotFound(name);
  }
  *size = inode->bytes.size();
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetFileModificationTime(const std::string& /*name*/,
                                             const IOOptions& /*options*/,
                                             std::uint64_t* time,
                                             IODebugContext* /*debug*/) {
  *time = 0;
  return IOStatus::OK();
}

IOStatus MemoryDisk::RenameFile(const std::string& from,
                                const std::string& to,
                                const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  auto inode = find(from);
  if (!inode) {
    return IOStatus::NotFound(from);
  }
  change_name(normal(to), std::move(inode));
  change_name(normal(from), nullptr);
  return IOStatus::OK();
}

IOStatus MemoryDisk::LockFile(const std::string& /*name*/,
                              const IOOptions& /*options*/,
                              rocksdb::FileLock** lock,
                              IODebugContext* /*debug*/) {
  *lock = new Lock;
  return IOStatus::OK();
}

IOStatus MemoryDisk::UnlockFile(rocksdb::FileLock* lock,
                                const IOOptions& /*options*/,
                                IODebugContext* /*debug*/) {
  delete lock;
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetTestDirectory(const IOOptions& /*options*/,
                                      std::string* path,
                                      IODebugContext* /*debug*/) {
  *path = "/test";
  return IOStatus::OK();
}

IOStatus MemoryDisk::GetAbsolutePath(const std::string& name,
                                     const IOOptions& /*options*/,
                                     std::string* result,
                                     IODebugContext* /*debug*/) {
  *result = normal(name);
  return IOStatus::OK();
}

IOStatus MemoryDisk::IsDirectory(const std::string& name,
                                 const IOOptions& /*options*/,
                                 bool* is_folder,
                                 IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  *is_folder = folders_.contains(normal(name));
  return IOStatus::OK();
}

}  // namespace sheaf::sim
