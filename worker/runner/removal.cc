#include "worker/runner/removal.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "common/os/file.h"
#include "common/telemetry/log.h"

namespace sheaf::runner {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRemovedPrefix = "removed-";

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

Result<void> remove_tree(const fs::path& path) {
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

Result<void> remove_attempt(const fs::path& attempts_folder, const AttemptFolder& folder) {
  const fs::path removed = attempts_folder / (kRemovedPrefix + to_string(folder.attempt));
  if (std::rename(folder.path.c_str(), removed.c_str()) != 0 && errno != ENOENT) {
    return fail(os::error_of_errno(errno, "cannot rename " + folder.path.string()));
  }
  return remove_tree(removed);
}

Result<void> sweep_removed(const fs::path& attempts_folder) {
  std::error_code error;
  for (fs::directory_iterator walk(attempts_folder, error), end; !error && walk != end;
       walk.increment(error)) {
    if (!walk->path().filename().string().starts_with(kRemovedPrefix)) {
      continue;
    }
    if (const auto removed = remove_tree(walk->path()); !removed) {
      telemetry::log(telemetry::Level::kWarning, removed.error().message);
    }
  }
  if (error) {
    return fail(os::error_of_errno(error.value(), "cannot list " + attempts_folder.string()));
  }
  return {};
}

}  // namespace sheaf::runner
