#include "worker/environments/tree_files.h"

#include <algorithm>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

#include "common/os/digest.h"
#include "common/os/file.h"

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = 1u << 20;

mode_t read_only_mode(bool is_executable) {
  return is_executable ? 0555 : 0444;
}

/// Whether the file was touched, in one line: ctime cannot be set by who touches it.
std::string stamp_of(const fs::path& path, const struct stat& status) {
  std::string line = path.string();
  for (const auto number : {static_cast<long long>(status.st_ino),
                            static_cast<long long>(status.st_mode),
                            static_cast<long long>(status.st_size),
                            static_cast<long long>(status.st_ctim.tv_sec),
                            static_cast<long long>(status.st_ctim.tv_nsec)}) {
    line += ' ' + std::to_string(number);
  }
  return line;
}

Failure fail_at(const fs::path& path, const std::error_code& error) {
  return fail(ErrorCode::kInternal, path.string() + ": " + error.message());
}

}  // namespace

Result<std::string> digest_of(const fs::path& path) {
  auto file = os::open_regular_file(path);
  if (!file) {
    return fail(file.error());
  }
  os::Sha256 hash;
  std::uint64_t offset = 0;
  while (true) {
    auto bytes = os::read_at(file->get(), offset, kReadBytes, path);
    if (!bytes) {
      return fail(bytes.error());
    }
    if (bytes->empty()) {
      return hash.finish();
    }
    hash.add(*bytes);
    offset += bytes->size();
  }
}

bool is_intact(const fs::path& path, const model::ManifestFile& file) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      (status.st_mode & 07777U) != read_only_mode(file.is_executable) ||
      static_cast<std::uint64_t>(status.st_size) != file.size) {
    return false;
  }
  const auto digest = digest_of(path);
  return digest && *digest == file.digest;
}

Result<std::string> fingerprint_of(const fs::path& tree) {
  std::vector<std::string> lines;
  const auto add = [&](const fs::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
      return false;
    }
    lines.push_back(stamp_of(path, status));
    return true;
  };
  std::error_code error;
  bool is_whole = add(tree);
  for (auto entry = fs::recursive_directory_iterator(tree, error);
       is_whole && !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    is_whole = add(entry->path());
  }
  if (error || !is_whole) {
    return fail(ErrorCode::kInternal, tree.string() + " cannot be looked through");
  }
  std::ranges::sort(lines);
  os::Sha256 hash;
  for (const std::string& line : lines) {
    hash.add(line + '\n');
  }
  return hash.finish();
}

void make_read_only(const fs::path& path, bool is_executable) {
  std::error_code ignored;
  fs::permissions(path, fs::perms(read_only_mode(is_executable)), ignored);
}

Result<void> make_writable_folder(const fs::path& folder) {
  std::error_code error;
  const auto found = fs::symlink_status(folder, error);
  if (fs::exists(found) && !fs::is_directory(found)) {
    fs::remove(folder, error);
  }
  fs::create_directory(folder, error);
  if (!error) {
    fs::permissions(folder, fs::perms(0755), error);
  }
  if (error) {
    return fail_at(folder, error);
  }
  return {};
}

Result<void> remove_tree(const fs::path& tree) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(tree, error))) {
    return {};
  }
  fs::permissions(tree, fs::perms::owner_all, error);
  for (auto entry = fs::recursive_directory_iterator(tree, error);
       !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    if (entry->symlink_status(error).type() == fs::file_type::directory) {
      fs::permissions(entry->path(), fs::perms::owner_all, error);
    }
  }
  fs::remove_all(tree, error);
  if (error) {
    return fail_at(tree, error);
  }
  return {};
}

}  // namespace sheaf::environments
