#include "worker/runner/removal.h"

#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "common/os/file.h"
#include "common/telemetry/log.h"

namespace sheaf::runner {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRemovedPrefix = "removed-";
/// Leftovers of one attempt that could not be deleted, beyond which no more are made.
constexpr int kMaxNames = 1'000;

// Tasks leave folders without write permission, whose content cannot be deleted.
void allow_changes(const fs::path& root) {
  std::error_code ignored;
  fs::recursive_directory_iterator walk(
      root, fs::directory_options::skip_permission_denied, ignored);
  for (const auto end = fs::recursive_directory_iterator(); walk != end; walk.increment(ignored)) {
    if (walk->symlink_status(ignored).type() == fs::file_type::directory) {
      fs::permissions(walk->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    }
  }
}

// What is not a folder, by far the most of a large tree, so that the rest takes no time.
void remove_files(const fs::path& root, const std::stop_token& stop) {
  std::error_code ignored;
  fs::recursive_directory_iterator walk(
      root, fs::directory_options::skip_permission_denied, ignored);
  for (const auto end = fs::recursive_directory_iterator(); walk != end && !stop.stop_requested();
       walk.increment(ignored)) {
    if (walk->symlink_status(ignored).type() != fs::file_type::directory) {
      fs::remove(walk->path(), ignored);
    }
  }
}

Result<void> remove_tree(const fs::path& path, const std::stop_token& stop) {
  remove_files(path, stop);
  if (stop.stop_requested()) {
    return {};
  }
  std::error_code error;
  fs::remove_all(path, error);
  if (error) {
    allow_changes(path);
    fs::remove_all(path, error);
  }
  if (error) {
    return fail(os::error_of_errno(error.value(), "cannot remove " + path.string()));
  }
  return {};
}

}  // namespace

Result<void> hide_attempt(const fs::path& attempts_folder, const AttemptFolder& folder) {
  const std::string name = kRemovedPrefix + to_string(folder.attempt);
  for (int number = 0; number < kMaxNames; ++number) {
    // An earlier folder of this attempt may not be deleted yet.
    const fs::path hidden = attempts_folder / (name + "." + std::to_string(number));
    if (std::rename(folder.path.c_str(), hidden.c_str()) == 0 || errno == ENOENT) {
      return {};
    }
    if (errno != ENOTEMPTY && errno != EEXIST) {
      break;
    }
  }
  return fail(os::error_of_errno(errno, "cannot rename " + folder.path.string()));
}

Sweeper::Sweeper(fs::path attempts_folder)
    : attempts_folder_(std::move(attempts_folder)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Sweeper::wake() {
  const std::lock_guard lock(mutex_);
  is_due_ = true;
  woken_.notify_one();
}

void Sweeper::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (woken_.wait(lock, stop, [this] { return is_due_; })) {
    is_due_ = false;
    lock.unlock();
    sweep(stop);
    lock.lock();
  }
}

void Sweeper::sweep(const std::stop_token& stop) {
  std::error_code error;
  for (fs::directory_iterator walk(attempts_folder_, error), end; !error && walk != end;
       walk.increment(error)) {
    const std::string name = walk->path().filename().string();
    if (!name.starts_with(kRemovedPrefix) || stuck_.contains(name) || stop.stop_requested()) {
      continue;
    }
    if (const auto removed = remove_tree(walk->path(), stop); !removed) {
      stuck_.insert(name);
      telemetry::log(telemetry::Level::kWarning, removed.error().message);
    }
  }
  if (error) {
    telemetry::log(telemetry::Level::kWarning,
                   "cannot list " + attempts_folder_.string() + ": " + error.message());
  }
}

}  // namespace sheaf::runner
