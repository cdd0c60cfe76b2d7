// What the shipper knows of the logs that it ships. Internal to worker/logs. Threads: the
// shipper's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "common/base/limits.h"
#include "common/base/time.h"
#include "common/os/file.h"

namespace sheaf::logs {

/// Streams of an attempt, indexed by wire::LogStream.
inline constexpr std::array<const char*, 2> kFileNames{"stdout", "stderr"};
/// Until the scheduler's first acknowledgement names its own.
inline constexpr std::uint64_t kFirstCredit = limits::kMaxLogChunkBytes;

/// One log of one attempt.
struct Tail {
  std::filesystem::path path;
  os::FileDescriptor file;
  std::uint64_t acknowledged = 0;
  std::uint64_t sent = 0;
  std::uint64_t credit = kFirstCredit;
  Milliseconds last_sent{0};
  bool is_final_said = false;
  bool is_shrinking_told = false;
  bool is_shipped = false;

  /// Bytes to ship, as far as the file has come.
  [[nodiscard]] std::uint64_t length() const {
    const auto size =
        file.is_open() ? os::file_size(file.get(), path) : Result<std::uint64_t>(std::uint64_t{0});
    return std::min<std::uint64_t>(size.value_or(0), limits::kMaxLogBytesPerAttempt);
  }
};

/// The logs of one attempt.
struct Shipped {
  std::filesystem::path folder;
  std::array<Tail, kFileNames.size()> tails;
  int watch = -1;  ///< inotify watch of the folder.
  bool is_finished = false;
  bool is_reported = false;

  [[nodiscard]] bool is_unwatched() const { return watch < 0 && !is_finished; }
};

}  // namespace sheaf::logs
