#include "common/os/file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sheaf::os {
namespace {

ErrorCode code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kConflict;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kUnauthorized;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
      return ErrorCode::kExhausted;
    default:
      return ErrorCode::kInternal;
  }
}

Failure fail_errno(std::string_view call, const std::filesystem::path& path) {
  const int error_number = errno;
  return fail(error_of_errno(error_number, std::string(call) + " " + path.string()));
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() {
  return std::exchange(descriptor_, -1);
}

void FileDescriptor::close() {
  if (descriptor_ >= 0) {
    ::close(std::exchange(descriptor_, -1));
  }
}

Error error_of_errno(int error_number, std::string_view what) {
  return Error{.code = code_of_errno(error_number),
               .message = std::string(what) + ": " +
                          std::error_code(error_number, std::generic_category()).message()};
}

Result<FileDescriptor> open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (descriptor < 0) {
    return fail_errno("open", path);
  }
  return FileDescriptor(descriptor);
}

Result<FileDescriptor> open_regular_file(const std::filesystem::path& path) {
  auto file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) {
    return file;
  }
  struct stat status{};
  if (::fstat(file->get(), &status) != 0) {
    return fail_errno("fstat", path);
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalid, path.string() + " is not a regular file");
  }
  return file;
}

Result<std::uint64_t> file_size(int descriptor, const std::filesystem::path& path) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) {
    return fail_errno("fstat", path);
  }
  return static_cast<std::uint64_t>(status.st_size);
}

bool is_readable(int descriptor) {
  pollfd waiting{.fd = descriptor, .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, 0) > 0;
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  auto file = open_regular_file(path);
  if (!file) {
    return fail(file.error());
  }
  auto contents = read_at(file->get(), 0, max_bytes + 1, path);
  if (contents && contents->size() > max_bytes) {
    return fail(ErrorCode::kExhausted,
                path.string() + " is longer than " + std::to_string(max_bytes) + " bytes");
  }
  return contents;
}

Result<std::string> read_at(int descriptor,
                            std::uint64_t offset,
                            std::size_t limit,
                            const std::filesystem::path& path) {
  const auto size = file_size(descriptor, path);
  if (!size) {
    return fail(size.error());
  }
  // Files of /proc tell no length: they are read in steps.
  constexpr std::size_t kStep = 64u << 10;
  std::string bytes;
  while (bytes.size() < limit) {
    const std::size_t known = *size > offset ? static_cast<std::size_t>(*size - offset) : 0;
    const std::size_t missing = known > bytes.size() ? known - bytes.size() : kStep;
    const std::size_t begin = bytes.size();
    bytes.resize(begin + std::min(limit - begin, missing));
    const ssize_t count = ::pread(
        descriptor, bytes.data() + begin, bytes.size() - begin, static_cast<off_t>(offset + begin));
    if (count < 0 && errno != EINTR) {
      return fail_errno("read", path);
    }
    bytes.resize(begin + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count == 0) {
      break;
    }
  }
  return bytes;
}

Result<void> write_all(int descriptor, std::string_view bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) {
      return fail_errno("write", path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  }
  return {};
}

Result<void> write_all_at(int descriptor,
                          std::string_view bytes,
                          std::uint64_t offset,
                          const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno != EINTR) {
      return fail_errno("write", path);
    }
    const auto written = static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    bytes.remove_prefix(written);
    offset += written;
  }
  return {};
}

Result<void> sync_data(int descriptor, const std::filesystem::path& path) {
  if (::fdatasync(descriptor) != 0) {
    return fail_errno("fdatasync", path);
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const auto descriptor = open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!descriptor) {
    return fail(descriptor.error());
  }
  if (::fsync(descriptor->get()) != 0) {
    return fail_errno("fsync", folder);
  }
  return {};
}

Result<void> sync_file_system(const std::filesystem::path& path) {
  const auto descriptor = open_file(path, O_RDONLY);
  if (!descriptor) {
    return fail(descriptor.error());
  }
  if (::syncfs(descriptor->get()) != 0) {
    return fail_errno("syncfs", path);
  }
  return {};
}

Result<void> make_private_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) {
    return {};
  }
  const std::filesystem::path parent = folder.parent_path();
  if (parent != folder) {
    if (auto made = make_private_folder(parent); !made) {
      return made;
    }
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail_errno("mkdir", folder);
  }
  return sync_folder(parent.empty() ? "." : parent);
}

Result<void> replace_file(const std::filesystem::path& path,
                          std::string_view contents,
                          unsigned mode) {
  const std::filesystem::path fresh = path.string() + ".new";
  {
    auto file = open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC, mode);
    if (!file) {
      return fail(file.error());
    }
    if (auto written = write_all(file->get(), contents, fresh); !written) {
      return written;
    }
    if (::fsync(file->get()) != 0) {
      return fail_errno("fsync", fresh);
    }
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    return fail_errno("rename", fresh);
  }
  return sync_folder(path.parent_path().empty() ? "." : path.parent_path());
}

}  // namespace sheaf::os
