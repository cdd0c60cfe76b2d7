#include "tests/unit/scheduler/store/fault_file_system.h"

#include <fstream>
#include <iterator>

namespace sheaf::store {
namespace {

namespace fs = std::filesystem;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

/// Counts what is written and what is synced.
class FaultFileSystem::File : public rocksdb::FSWritableFileWrapper {
 public:
  File(FaultFileSystem& owner,
       std::shared_ptr<Inode> inode,
       std::unique_ptr<rocksdb::FSWritableFile> target)
      : FSWritableFileWrapper(target.get()),
        owner_(owner),
        inode_(std::move(inode)),
        target_owner_(std::move(target)) {}

  IOStatus Append(const rocksdb::Slice& bytes,
                  const IOOptions& options,
                  IODebugContext* debug) override {
    const std::lock_guard lock(owner_.mutex_);
    if (IOStatus status = owner_.begin_operation(); !status.ok()) {
      return status;
    }
    IOStatus status = target()->Append(bytes, options, debug);
    if (status.ok()) {
      inode_->written += bytes.size();
    }
    return status;
  }
  IOStatus Append(const rocksdb::Slice& bytes,
                  const IOOptions& options,
                  const rocksdb::DataVerificationInfo& /*verification*/,
                  IODebugContext* debug) override {
    return Append(bytes, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return target()->Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return sync([&] { return target()->Fsync(options, debug); });
  }

 private:
  IOStatus sync(const std::function<IOStatus()>& sync_target) {
    const std::lock_guard lock(owner_.mutex_);
    if (IOStatus status = owner_.begin_operation(); !status.ok()) {
      return status;
    }
    IOStatus status = sync_target();
    if (status.ok() && !owner_.is_lying_) {
      inode_->synced = inode_->written;
    }
    return status;
  }

  FaultFileSystem& owner_;
  std::shared_ptr<Inode> inode_;
  std::unique_ptr<rocksdb::FSWritableFile> target_owner_;
};

class FaultFileSystem::Folder : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(FaultFileSystem& owner, std::unique_ptr<rocksdb::FSDirectory> target)
      : FSDirectoryWrapper(std::move(target)), owner_(owner) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const std::lock_guard lock(owner_.mutex_);
    IOStatus status = owner_.begin_operation();
    if (status.ok()) {
      owner_.sync_names();
    }
    return status;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options,
                               IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& /*reason*/) override {
    return Fsync(options, debug);
  }

 private:
  FaultFileSystem& owner_;
};

FaultFileSystem::FaultFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}

void FaultFileSystem::at_operation(std::uint64_t number, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  action_at_ = number;
  action_ = std::move(action);
}

void FaultFileSystem::fail_at(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  failing_from_ = number;
}

void FaultFileSystem::lie_about_syncs() {
  const std::lock_guard lock(mutex_);
  is_lying_ = true;
}

std::uint64_t FaultFileSystem::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

IOStatus FaultFileSystem::begin_operation() {
  ++operations_;
  if (operations_ == action_at_) {
    action_();
  }
  const bool is_failing = failing_from_ != 0 && operations_ >= failing_from_;
  return is_failing ? IOStatus::IOError("injected") : IOStatus::OK();
}

void FaultFileSystem::save_before_removal(const std::string& name) {
  const auto found = live_.find(name);
  if (found != live_.end()) {
    // A power loss may bring the old name back, and with it the content.
    found->second->saved = read_whole(found->second->path);
  }
}

void FaultFileSystem::apply(const NameChange& change, Names& names) {
  if (change.inode) {
    names[change.name] = change.inode;
  } else {
    names.erase(change.name);
  }
}

void FaultFileSystem::change_name(const std::string& name, std::shared_ptr<Inode> inode) {
  unsynced_names_.push_back({.name = name, .inode = std::move(inode)});
  apply(unsynced_names_.back(), live_);
}

void FaultFileSystem::sync_names() {
  durable_ = live_;
  unsynced_names_.clear();
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& name,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result,
                                          IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  if (IOStatus status = begin_operation(); !status.ok()) {
    return status;
  }
  save_before_removal(name);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target()->NewWritableFile(name, options, &file, debug);
  if (status.ok()) {
    auto inode = std::make_shared<Inode>();
    inode->path = name;
    change_name(name, inode);
    *result = std::make_unique<File>(*this, std::move(inode), std::move(file));
  }
  return status;
}

IOStatus FaultFileSystem::NewDirectory(const std::string& name,
                                       const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* result,
                                       IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> folder;
  IOStatus status = target()->NewDirectory(name, options, &folder, debug);
  if (status.ok()) {
    *result = std::make_unique<Folder>(*this, std::move(folder));
  }
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& name,
                                     const IOOptions& options,
                                     IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  if (IOStatus status = begin_operation(); !status.ok()) {
    return status;
  }
  save_before_removal(name);
  IOStatus status = target()->DeleteFile(name, options, debug);
  if (status.ok()) {
    change_name(name, nullptr);
  }
  return status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from,
                                     const std::string& to,
                                     const IOOptions& options,
                                     IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  if (IOStatus status = begin_operation(); !status.ok()) {
    return status;
  }
  save_before_removal(to);
  IOStatus status = target()->RenameFile(from, to, options, debug);
  const auto moved = live_.find(from);
  if (status.ok() && moved != live_.end()) {
    const std::shared_ptr<Inode> inode = moved->second;
    inode->path = to;
    change_name(to, inode);
    change_name(from, nullptr);
  }
  return status;
}

std::string FaultFileSystem::content_after_power_loss(const Inode& inode, std::mt19937& random) {
  std::string content = inode.saved ? *inode.saved : read_whole(inode.path);
  content.resize(inode.written);
  const std::uint64_t unsynced = inode.written - inode.synced;
  content.resize(inode.synced + (unsynced == 0 ? 0 : random() % (unsynced + 1)));
  if (random() % 3 == 0) {
    // The length was on the disk before the bytes were.
    std::fill(content.begin() + static_cast<std::ptrdiff_t>(inode.synced), content.end(), '\0');
  }
  return content;
}

void FaultFileSystem::copy_after_power_loss(const fs::path& folder,
                                            const fs::path& image,
                                            unsigned seed) const {
  std::mt19937 random(seed);
  fs::create_directories(image / "rocksdb");
  for (const char* name : {"format", "high-water"}) {
    if (fs::exists(folder / name)) {
      fs::copy_file(folder / name, image / name);
    }
  }
  Names names = durable_;
  const auto kept = random() % (unsynced_names_.size() + 1);
  for (std::size_t change = 0; change < kept; ++change) {
    apply(unsynced_names_[change], names);
  }
  for (const auto& [name, inode] : names) {
    std::ofstream(image / "rocksdb" / fs::path(name).filename(), std::ios::binary)
        << content_after_power_loss(*inode, random);
  }
}

}  // namespace sheaf::store
