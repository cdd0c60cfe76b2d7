#include "common/transport/keys.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

namespace sheaf::transport {
namespace {

// A key, a line end, and room to notice that there is more.
constexpr std::size_t kMaxKeyFileBytes = 64;

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

Failure system_failure(const std::filesystem::path& file, int error) {
  const ErrorCode code = error == ENOENT   ? ErrorCode::kNotFound
                         : error == ENOSPC ? ErrorCode::kExhausted
                         : error == EACCES ? ErrorCode::kUnauthorized
                                           : ErrorCode::kInternal;
  return fail(code, file.string() + ": " + std::generic_category().message(error));
}

Result<std::string> read_key(const File& file, const std::filesystem::path& path) {
  std::array<char, kMaxKeyFileBytes> buffer{};
  const ssize_t size = ::read(file.descriptor(), buffer.data(), buffer.size());
  if (size < 0) {
    return system_failure(path, errno);
  }
  std::string text(buffer.data(), static_cast<std::size_t>(size));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) {
    text.pop_back();
  }
  if (!is_key(text)) {
    return fail(ErrorCode::kCorrupt, path.string() + ": holds no key of 40 Z85 characters");
  }
  return text;
}

Result<void> write_durably(const std::filesystem::path& path, std::string_view key, mode_t mode) {
  const File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file.is_open()) {
    return system_failure(path, errno);
  }
  const std::string line = std::string(key) + "\n";
  const ssize_t written = ::write(file.descriptor(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    return system_failure(path, written < 0 ? errno : ENOSPC);
  }
  if (::fsync(file.descriptor()) != 0) {
    return system_failure(path, errno);
  }
  return {};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.descriptor()) != 0) {
    return system_failure(folder, errno);
  }
  return {};
}

enum class Existing { kKeep, kReplace };

std::filesystem::path folder_of(const std::filesystem::path& file) {
  return file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
}

/// Puts a file in place by way of a temporary one, so that nobody sees a part of it.
Result<void> store_key(const std::filesystem::path& file,
                       std::string_view key,
                       mode_t mode,
                       Existing existing) {
  const std::filesystem::path temporary = file.string() + "." + std::to_string(::getpid()) + ".new";
  ::unlink(temporary.c_str());
  if (Result<void> written = write_durably(temporary, key, mode); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  const int outcome = existing == Existing::kReplace ? ::rename(temporary.c_str(), file.c_str())
                                                     : ::link(temporary.c_str(), file.c_str());
  const int error = outcome == 0 ? 0 : errno;
  ::unlink(temporary.c_str());
  if (error != 0 && error != EEXIST) {
    return system_failure(file, error);
  }
  return sync_folder(folder_of(file));
}

/// Makes missing folders, readable by their owner only.
Result<void> make_folders(const std::filesystem::path& folder) {
  if (folder.empty() || std::filesystem::exists(folder)) {
    return {};
  }
  if (Result<void> parents = make_folders(folder.parent_path()); !parents) {
    return parents;
  }
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return system_failure(folder, errno);
  }
  return {};
}

Result<std::string> load_secret_key(const std::filesystem::path& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    return system_failure(path, errno);
  }
  struct stat status{};
  if (::fstat(file.descriptor(), &status) != 0) {
    return system_failure(path, errno);
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(ErrorCode::kUnauthorized,
                path.string() +
                    ": others may read this secret key; chmod 600 it, or remove it and " +
                    "enrol the new key");
  }
  return read_key(file, path);
}

Result<KeyPair> pair_of(const std::string& secret_key) {
  std::array<char, kKeyTextBytes + 1> public_key{};
  if (zmq_curve_public(public_key.data(), secret_key.c_str()) != 0) {
    return fail(ErrorCode::kCorrupt, "the secret key is no CURVE key");
  }
  return KeyPair{.public_key = public_key.data(), .secret_key = secret_key};
}

}  // namespace

Result<KeyPair> generate_keys() {
  std::array<char, kKeyTextBytes + 1> public_key{};
  std::array<char, kKeyTextBytes + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return fail(ErrorCode::kUnsupported, "this libzmq has no CURVE security");
  }
  return KeyPair{.public_key = public_key.data(), .secret_key = secret_key.data()};
}

Result<KeyPair> load_or_create_keys(const std::filesystem::path& secret_file) {
  Result<std::string> secret = load_secret_key(secret_file);
  if (!secret && secret.error().code == ErrorCode::kNotFound) {
    const Result<KeyPair> made = generate_keys();
    if (!made) {
      return made;
    }
    Result<void> stored = make_folders(secret_file.parent_path());
    if (stored) {
      stored = store_key(secret_file, made->secret_key, 0600, Existing::kKeep);
    }
    if (!stored) {
      return fail(stored.error());
    }
    secret = load_secret_key(secret_file);
  }
  if (!secret) {
    return fail(secret.error());
  }
  Result<KeyPair> pair = pair_of(*secret);
  const std::filesystem::path public_file = secret_file.string() + ".pub";
  if (pair && load_public_key(public_file).value_or("") != pair->public_key) {
    if (Result<void> stored = store_public_key(public_file, pair->public_key); !stored) {
      return fail(stored.error());
    }
  }
  return pair;
}

Result<std::string> load_public_key(const std::filesystem::path& file) {
  const File opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!opened.is_open()) {
    return system_failure(file, errno);
  }
  return read_key(opened, file);
}

Result<void> store_public_key(const std::filesystem::path& file, std::string_view public_key) {
  if (!is_key(public_key)) {
    return fail(ErrorCode::kInvalid, "a public key has 40 Z85 characters");
  }
  return store_key(file, public_key, 0644, Existing::kReplace);
}

bool is_key(std::string_view text) {
  std::array<std::uint8_t, 32> bytes{};
  return text.size() == kKeyTextBytes && text.find('\0') == std::string_view::npos &&
         zmq_z85_decode(bytes.data(), std::string(text).c_str()) != nullptr;
}

}  // namespace sheaf::transport
