#include "scheduler/files/logs.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "common/base/check.h"
#include "common/base/failpoint.h"
#include "common/base/limits.h"

namespace sheaf::files {
namespace {

constexpr std::size_t kMaxOpenLogs = 256;

std::string_view suffix_of(LogStream stream) {
  switch (stream) {
    case LogStream::kStdout:
      return ".stdout";
    case LogStream::kStderr:
      return ".stderr";
  }
  check_failed(__FILE__, __LINE__, "stream", "not a LogStream");
}

}  // namespace

std::uint64_t final_length(const model::AttemptOutcome& outcome, LogStream stream) {
  const std::uint64_t written =
      stream == LogStream::kStdout ? outcome.stdout_bytes : outcome.stderr_bytes;
  return std::min<std::uint64_t>(written, limits::kMaxLogBytesPerAttempt);
}

LogWatch::LogWatch(LogWatch&& other) noexcept
    : files_(std::exchange(other.files_, nullptr)), name_(other.name_), number_(other.number_) {}

LogWatch& LogWatch::operator=(LogWatch&& other) noexcept {
  std::swap(files_, other.files_);
  std::swap(name_, other.name_);
  std::swap(number_, other.number_);
  return *this;
}

LogWatch::~LogWatch() {
  if (files_ != nullptr) {
    files_->unwatch(name_, number_);
  }
}

Result<std::unique_ptr<LogFiles>> LogFiles::open(const std::filesystem::path& folder) {
  if (auto made = os::make_private_folder(folder); !made) {
    return fail(made.error());
  }
  return std::unique_ptr<LogFiles>(new LogFiles(folder));
}

LogFiles::~LogFiles() {
  const bool is_watched = watchers_.with([](Watchers& all) { return !all.by_log.empty(); });
  SHEAF_CHECK(!is_watched, "a log watch outlives the logs");
}

std::filesystem::path LogFiles::path_of(const LogName& name) const {
  return folder_ / to_string(name.run) /
         (to_string(name.attempt) + std::string(suffix_of(name.stream)));
}

Result<std::uint64_t> LogFiles::append(const LogName& name,
                                       std::uint64_t offset,
                                       std::string_view bytes) {
  if (offset > limits::kMaxLogBytesPerAttempt ||
      bytes.size() > limits::kMaxLogBytesPerAttempt - offset) {
    return fail(ErrorCode::kExhausted,
                "a log has at most " + std::to_string(limits::kMaxLogBytesPerAttempt) + " bytes");
  }
  const auto found = find_open(name, offset);
  if (!found) {
    return fail(found.error());
  }
  OpenLog& log = **found;
  if (!log.is_dirty) {
    log.is_dirty = true;
    dirty_.push_back(name);
  }
  if (offset > log.length) {
    return log.length;
  }
  const std::uint64_t known = log.length - offset;
  if (known >= bytes.size()) {
    return log.length;
  }
  bytes.remove_prefix(static_cast<std::size_t>(known));
  if (auto written = os::write_all_at(log.file.get(), bytes, log.length, path_of(name)); !written) {
    return fail(written.error());
  }
  log.length += bytes.size();
  return log.length;
}

Result<LogFiles::OpenLog*> LogFiles::find_open(const LogName& name, std::uint64_t offset) {
  const auto known = open_.find(name);
  if (known != open_.end()) {
    uses_.splice(uses_.begin(), uses_, known->second.use);
    return &known->second;
  }
  if (auto made = make_room(); !made) {
    return fail(made.error());
  }
  auto file = open_for_writing(name);
  if (!file) {
    return fail(file.error());
  }
  const auto size = os::file_size(file->get(), path_of(name));
  if (!size) {
    return fail(size.error());
  }
  uses_.push_front(name);
  OpenLog& log = open_[name];
  log.file = *std::move(file);
  // The sender begins at what was acknowledged, so up to there the file is sound; what lies behind
  // may have been spoiled by a power loss, and is written again.
  log.length = std::min(*size, offset);
  log.use = uses_.begin();
  return &log;
}

Result<os::FileDescriptor> LogFiles::open_for_writing(const LogName& name) {
  const std::filesystem::path path = path_of(name);
  const std::filesystem::path folder = path.parent_path();
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(os::error_of_errno(errno, "mkdir " + folder.string()));
  }
  // Also where both exist: whoever made them may have died before the folders were synced.
  dirty_folders_.insert(folder);
  dirty_folders_.insert(folder_);
  return os::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW);
}

Result<void> LogFiles::make_room() {
  if (open_.size() < kMaxOpenLogs) {
    return {};
  }
  if (open_.at(uses_.back()).is_dirty) {
    if (auto synced = sync_dirty(); !synced) {
      return synced;
    }
  }
  open_.erase(uses_.back());
  uses_.pop_back();
  return {};
}

Result<void> LogFiles::sync_dirty() {
  for (const LogName& name : dirty_) {
    OpenLog& log = open_.at(name);
    if (auto synced = os::sync_data(log.file.get(), path_of(name)); !synced) {
      return synced;
    }
    log.is_dirty = false;
    synced_.push_back({.name = name, .length = log.length});
  }
  dirty_.clear();
  for (const std::filesystem::path& folder : dirty_folders_) {
    if (auto synced = os::sync_folder(folder); !synced) {
      return synced;
    }
  }
  dirty_folders_.clear();
  return {};
}

Result<std::vector<SyncedLog>> LogFiles::sync() {
  failpoint::reach("files.before_sync");
  if (auto synced = sync_dirty(); !synced) {
    return fail(synced.error());
  }
  failpoint::reach("files.after_sync");
  for (const SyncedLog& log : synced_) {
    notify(log.name);
  }
  return std::exchange(synced_, {});
}

void LogFiles::close(const LogName& name) {
  const auto known = open_.find(name);
  if (known == open_.end()) {
    return;
  }
  SHEAF_CHECK(!known->second.is_dirty, "a log is closed before it is synced");
  uses_.erase(known->second.use);
  open_.erase(known);
}

Result<LogChunk> LogFiles::read(const LogName& name,
                                std::uint64_t offset,
                                std::size_t limit) const {
  const std::filesystem::path path = path_of(name);
  const auto file = os::open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!file) {
    return file.error().code == ErrorCode::kNotFound
               ? Result<LogChunk>(LogChunk{.bytes = {}, .next_offset = offset})
               : fail(file.error());
  }
  auto bytes = os::read_at(file->get(), offset, limit, path);
  if (!bytes) {
    return fail(bytes.error());
  }
  const std::uint64_t next = offset + bytes->size();
  return LogChunk{.bytes = *std::move(bytes), .next_offset = next};
}

Result<std::uint64_t> LogFiles::length(const LogName& name) const {
  const std::filesystem::path path = path_of(name);
  const auto file = os::open_file(path, O_RDONLY | O_NOFOLLOW);
  if (!file) {
    return file.error().code == ErrorCode::kNotFound ? Result<std::uint64_t>(0)
                                                     : fail(file.error());
  }
  return os::file_size(file->get(), path);
}

LogWatch LogFiles::watch(const LogName& name, std::function<void()> on_change) {
  const std::uint64_t number = watchers_.with([&](Watchers& all) {
    all.by_log[name].emplace(++all.last_number, std::move(on_change));
    return all.last_number;
  });
  return {this, name, number};
}

void LogFiles::unwatch(const LogName& name, std::uint64_t number) {
  watchers_.with([&](Watchers& all) {
    const auto found = all.by_log.find(name);
    if (found != all.by_log.end() && found->second.erase(number) > 0 && found->second.empty()) {
      all.by_log.erase(found);
    }
  });
}

void LogFiles::notify(const LogName& name) {
  watchers_.with([&](Watchers& all) {
    const auto found = all.by_log.find(name);
    if (found != all.by_log.end()) {
      for (const auto& entry : found->second) {
        entry.second();
      }
    }
  });
}

}  // namespace sheaf::files
