#include "scheduler/store/store_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <unistd.h>

#include "scheduler/store/rows.h"

namespace sheaf::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "sheaf store\n";
constexpr std::string_view kFormat = "format ";
constexpr std::string_view kId = "id ";
constexpr std::size_t kMaxFormatBytes = 4096;
constexpr std::size_t kUuidBytes = 36;

std::string make_uuid() {
  std::array<unsigned char, 16> bytes{};
  ::randombytes_buf(bytes.data(), bytes.size());
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0Fu) | 0x40u);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3Fu) | 0x80u);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      text.push_back('-');
    }
    text.append({kDigits[bytes[i] >> 4], kDigits[bytes[i] & 0xFu]});
  }
  return text;
}

/// Takes `prefix` and the rest of its line off the front of `text`.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view prefix) {
  const std::size_t end = text.find('\n');
  if (!text.starts_with(prefix) || end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(prefix.size(), end - prefix.size());
  text.remove_prefix(end + 1);
  return line;
}

/// The id in a format file that this program may open.
Result<std::string> parse_format(std::string_view text, const fs::path& path) {
  const auto foreign = [&path] {
    return fail(ErrorCode::kUnsupported, path.string() + " is not the format file of a store");
  };
  if (!text.starts_with(kMagic)) {
    return foreign();
  }
  text.remove_prefix(kMagic.size());
  const auto version_text = take_line(text, kFormat);
  unsigned version = 0;
  if (!version_text ||
      std::from_chars(version_text->data(), version_text->data() + version_text->size(), version)
              .ec != std::errc{}) {
    return foreign();
  }
  if (version != kFormatVersion) {
    return fail(ErrorCode::kUnsupported,
                path.string() + ": the store has format " + std::to_string(version) +
                    ", this program knows format " + std::to_string(kFormatVersion) +
                    "; use the version of Sheaf that wrote it, or a newer one");
  }
  const auto id = take_line(text, kId);
  if (!id || id->size() != kUuidBytes) {
    return foreign();
  }
  return std::string(*id);
}

/// The id of an existing store; nothing when the folder is free for a new one.
Result<std::optional<std::string>> read_format(const fs::path& folder) {
  const fs::path path = folder / "format";
  auto text = os::read_file(path, kMaxFormatBytes);
  if (text) {
    auto id = parse_format(*text, path);
    if (!id) {
      return fail(id.error());
    }
    return std::optional(*std::move(id));
  }
  if (text.error().code != ErrorCode::kNotFound) {
    return fail(text.error());
  }
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();
    if (name != "lock" && name != "format.new") {
      return fail(
          ErrorCode::kUnsupported,
          folder.string() + " holds no store but other files (" + name + "); give an empty folder");
    }
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(os::error_of_errno(error.value(), "list " + folder.string()));
  }
  return std::optional<std::string>{};
}

Result<os::FileDescriptor> take_lock(const fs::path& folder) {
  const fs::path path = folder / "lock";
  auto lock = os::open_file(path, O_RDWR | O_CREAT);
  if (!lock) {
    return lock;
  }
  if (::flock(lock->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return fail(os::error_of_errno(errno, "flock " + path.string()));
    }
    auto holder = os::read_at(lock->get(), 0, 20, path);
    const std::string pid = holder ? holder->substr(0, holder->find('\n')) : std::string();
    return fail(ErrorCode::kConflict,
                "the store " + folder.string() + " is open in " +
                    (pid.empty() ? std::string("another process") : "process " + pid));
  }
  if (::ftruncate(lock->get(), 0) != 0) {
    return fail(os::error_of_errno(errno, "truncate " + path.string()));
  }
  if (auto written = os::write_all_at(lock->get(), std::to_string(::getpid()) + "\n", 0, path);
      !written) {
    return fail(written.error());
  }
  return lock;
}

}  // namespace

Result<StoreFolder> StoreFolder::open(const fs::path& folder) {
  if (::sodium_init() < 0) {
    return fail(ErrorCode::kInternal, "libsodium cannot be initialised");
  }
  // Looked at before anything is created: a foreign folder must stay as it is.
  if (const auto before = read_format(folder); !before) {
    return fail(before.error());
  }
  if (auto made = os::make_private_folder(folder); !made) {
    return fail(made.error());
  }
  auto lock = take_lock(folder);
  if (!lock) {
    return fail(lock.error());
  }
  auto id = read_format(folder);
  if (!id) {
    return fail(id.error());
  }
  if (!id->has_value()) {
    *id = make_uuid();
    const std::string text = std::string(kMagic) + std::string(kFormat) +
                             std::to_string(kFormatVersion) + "\n" + std::string(kId) + **id + "\n";
    if (auto written = os::replace_file(folder / "format", text); !written) {
      return fail(written.error());
    }
  }
  return StoreFolder(folder, **id, *std::move(lock));
}

}  // namespace sheaf::store
