#include "tests/sim/memory_disk.h"

#include <algorithm>
#include <cstring>
#include <ranges>
#include <utility>

#include <rocksdb/env.h>

namespace sheaf::sim {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/// RocksDB's own log: nobody reads it.
class SilentLogger : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
  size_t GetLogFileSize() const override { return 0; }
};

}  // namespace

class MemoryDisk::Reading : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  Reading(const MemoryDisk& disk, std::shared_ptr<Inode> inode)
      : disk_(disk), inode_(std::move(inode)) {}

  IOStatus Read(size_t count,
                const IOOptions& options,
                Slice* result,
                char* scratch,
                IODebugContext* debug) override {
    IOStatus status = Read(position_, count, options, result, scratch, debug);
    position_ += result->size();
    return status;
  }
  IOStatus Read(uint64_t offset,
                size_t count,
                const IOOptions& /*options*/,
                Slice* result,
                char* scratch,
                IODebugContext* /*debug*/) const override {
    const std::lock_guard lock(disk_.mutex_);
    const std::size_t size = inode_->bytes.size();
    const std::size_t begin = std::min<std::size_t>(offset, size);
    const std::size_t length = std::min(count, size - begin);
    std::memcpy(scratch, inode_->bytes.data() + begin, length);
    *result = Slice(scratch, length);
    return IOStatus::OK();
  }
  IOStatus Skip(uint64_t count) override {
    position_ += count;
    return IOStatus::OK();
  }
  IOStatus InvalidateCache(size_t /*offset*/, size_t /*length*/) override { return IOStatus::OK(); }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return 4'096; }

 private:
  const MemoryDisk& disk_;
  std::shared_ptr<Inode> inode_;
  std::uint64_t position_ = 0;
};

class MemoryDisk::Writing : public rocksdb::FSWritableFile {
 public:
  Writing(MemoryDisk& disk, std::shared_ptr<Inode> inode, bool is_log)
      : disk_(disk), inode_(std::move(inode)), is_log_(is_log) {}

  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& bytes,
                  const IOOptions& /*options*/,
                  IODebugContext* /*debug*/) override {
    disk_.reach_log_operation(is_log_);
    const std::lock_guard lock(disk_.mutex_);
    inode_->bytes.append(bytes.data(), bytes.size());
    return IOStatus::OK();
  }
  IOStatus Truncate(uint64_t size,
                    const IOOptions& /*options*/,
                    IODebugContext* /*debug*/) override {
    const std::lock_guard lock(disk_.mutex_);
    inode_->bytes.resize(size);
    inode_->synced = std::min<std::size_t>(inode_->synced, size);
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Flush(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    // RocksDB's own threads sync logs again, whenever they run.
    disk_.reach_log_operation(is_log_ && has_unsynced_bytes());
    const std::lock_guard lock(disk_.mutex_);
    inode_->synced = inode_->bytes.size();
    return IOStatus::OK();
  }
  uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const std::lock_guard lock(disk_.mutex_);
    return inode_->bytes.size();
  }

 private:
  [[nodiscard]] bool has_unsynced_bytes() const {
    const std::lock_guard lock(disk_.mutex_);
    return inode_->synced < inode_->bytes.size();
  }

  MemoryDisk& disk_;
  std::shared_ptr<Inode> inode_;
  bool is_log_;
};

class MemoryDisk::Folder : public rocksdb::FSDirectory {
 public:
  explicit Folder(MemoryDisk& disk) : disk_(disk) {}

  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    const std::lock_guard lock(disk_.mutex_);
    disk_.durable_ = disk_.live_;
    disk_.unsynced_names_.clear();
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }

 private:
  MemoryDisk& disk_;
};

std::string MemoryDisk::normal(const std::string& name) {
  std::string result;
  for (const char letter : name) {
    if (letter != '/' || result.empty() || result.back() != '/') {
      result.push_back(letter);
    }
  }
  if (result.size() > 1 && result.back() == '/') {
    result.pop_back();
  }
  return result;
}

bool MemoryDisk::is_log(const std::string& name) {
  return name.ends_with(".log");
}

void MemoryDisk::apply(const NameChange& change, Names& names) {
  if (change.inode) {
    names[change.name] = change.inode;
  } else {
    names.erase(change.name);
  }
}

void MemoryDisk::change_name(const std::string& name, std::shared_ptr<Inode> inode) {
  unsynced_names_.push_back({.name = name, .inode = std::move(inode)});
  apply(unsynced_names_.back(), live_);
}

std::shared_ptr<MemoryDisk::Inode> MemoryDisk::find(const std::string& name) const {
  const auto found = live_.find(normal(name));
  return found == live_.end() ? nullptr : found->second;
}

std::shared_ptr<MemoryDisk> MemoryDisk::after_process_death() const {
  const std::lock_guard lock(mutex_);
  auto image = std::make_shared<MemoryDisk>();
  std::map<std::shared_ptr<Inode>, std::shared_ptr<Inode>> copies;
  const auto copy = [&copies](const std::shared_ptr<Inode>& inode) {
    if (!inode) {
      return inode;
    }
    auto& known = copies[inode];
    if (!known) {
      known = std::make_shared<Inode>(*inode);
    }
    return known;
  };
  for (const auto& [name, inode] : live_) {
    image->live_[name] = copy(inode);
  }
  for (const auto& [name, inode] : durable_) {
    image->durable_[name] = copy(inode);
  }
  for (const NameChange& change : unsynced_names_) {
    image->unsynced_names_.push_back({.name = change.name, .inode = copy(change.inode)});
  }
  image->folders_ = folders_;
  return image;
}

std::size_t MemoryDisk::names_kept(Dice dice) const {
  // Where RocksDB's own threads are must not decide which logs are left: first how many new logs,
  // then how far between two of them.
  std::vector<std::size_t> starts{0};
  for (std::size_t change = 0; change < unsynced_names_.size(); ++change) {
    if (unsynced_names_[change].inode && is_log(unsynced_names_[change].name)) {
      starts.push_back(change + 1);
    }
  }
  starts.push_back(unsynced_names_.size() + 1);
  const std::size_t logs = dice.below(starts.size() - 1);
  return starts[logs] + dice.below(std::max<std::size_t>(starts[logs + 1] - starts[logs], 1));
}

void MemoryDisk::lose_bytes(Inode& inode, Dice dice) {
  const std::size_t unsynced = inode.bytes.size() - inode.synced;
  inode.bytes.resize(inode.synced + dice.below(unsynced + 1));
  if (dice.chance(33)) {
    // The length was on the disk before the bytes were.
    std::fill(
        inode.bytes.begin() + static_cast<std::ptrdiff_t>(inode.synced), inode.bytes.end(), '\0');
  }
  inode.synced = inode.bytes.size();
}

std::shared_ptr<MemoryDisk> MemoryDisk::after_power_loss(Dice& dice) const {
  const std::lock_guard lock(mutex_);
  auto image = std::make_shared<MemoryDisk>();
  Names names = durable_;
  const std::uint64_t seed = dice.next();
  const std::size_t kept = names_kept(Dice(seed));
  for (std::size_t change = 0; change < kept; ++change) {
    apply(unsynced_names_[change], names);
  }
  // Neither the path, which names this process, nor how many other files there are by now, which
  // RocksDB's own threads decide: a log has the dice of its place among the logs, from the newest.
  std::uint64_t newer_logs = 0;
  for (const auto& [name, inode] : std::ranges::reverse_view(names)) {
    newer_logs += is_log(name) ? 1 : 0;
    auto left = std::make_shared<Inode>(*inode);
    lose_bytes(*left, Dice(seed ^ (is_log(name) ? newer_logs : 0)));
    image->live_[name] = std::move(left);
  }
  image->durable_ = image->live_;
  image->folders_ = folders_;
  return image;
}

void MemoryDisk::before_log_operation(std::uint64_t number, std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  action_after_ = number;
  action_ = std::move(action);
}

void MemoryDisk::forget_action() {
  before_log_operation(0, nullptr);
}

void MemoryDisk::reach_log_operation(bool is_log) {
  std::function<void()> action;
  {
    const std::lock_guard lock(mutex_);
    if (!is_log || action_after_ == 0 || --action_after_ != 0) {
      return;
    }
    action = std::exchange(action_, nullptr);
  }
  action();
}

IOStatus MemoryDisk::NewSequentialFile(const std::string& name,
                                       const FileOptions& /*options*/,
                                       std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                       IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  auto inode = find(name);
  if (!inode) {
    return IOStatus::PathNotFound(name);
  }
  *result = std::make_unique<Reading>(*this, std::move(inode));
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewRandomAccessFile(const std::string& name,
                                         const FileOptions& /*options*/,
                                         std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                         IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  auto inode = find(name);
  if (!inode) {
    return IOStatus::PathNotFound(name);
  }
  *result = std::make_unique<Reading>(*this, std::move(inode));
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewWritableFile(const std::string& name,
                                     const FileOptions& /*options*/,
                                     std::unique_ptr<rocksdb::FSWritableFile>* result,
                                     IODebugContext* /*debug*/) {
  const std::lock_guard lock(mutex_);
  auto inode = std::make_shared<Inode>();
  change_name(normal(name), inode);
  *result = std::make_unique<Writing>(*this, std::move(inode), is_log(name));
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewDirectory(const std::string& /*name*/,
                                  const IOOptions& /*options*/,
                                  std::unique_ptr<rocksdb::FSDirectory>* result,
                                  IODebugContext* /*debug*/) {
  *result = std::make_unique<Folder>(*this);
  return IOStatus::OK();
}

IOStatus MemoryDisk::NewLogger(const std::string& /*name*/,
                               const IOOptions& /*options*/,
                               std::shared_ptr<rocksdb::Logger>* result,
                               IODebugContext* /*debug*/) {
  *result = std::make_shared<SilentLogger>();
  return IOStatus::OK();
}

}  // namespace sheaf::sim
