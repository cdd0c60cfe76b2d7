// The high-water mark: the last batch that was acknowledged, kept outside the rows, so that a
// history that came back shorter is noticed.
//
// Two slots are written in turn, so that a torn write leaves the other. A mark is written after
// each commit (exact when only the process dies) and fsynced at most once a second (so after a
// power loss it lags by that much); it is never ahead of what is durable. Threads: the core thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "common/base/result.h"
#include "common/os/file.h"

namespace sheaf::store {

struct Mark {
  std::uint64_t epoch = 0;
  std::uint64_t batch = 0;
  std::uint64_t chain = 0;
  friend bool operator==(const Mark&, const Mark&) = default;
};

class HighWater {
 public:
  /// The newest whole mark at `path`; nothing when there is no file. Fails with kCorrupt when the
  /// file holds no whole mark.
  [[nodiscard]] static Result<std::optional<Mark>> read(const std::filesystem::path& path);

  /// Creates the file, or opens it to go on, with `mark` as its durable content.
  [[nodiscard]] static Result<HighWater> open(const std::filesystem::path& path, const Mark& mark);

  /// Notes a committed batch.
  [[nodiscard]] Result<void> raise(const Mark& mark);

 private:
  using Clock = std::chrono::steady_clock;

  HighWater(std::filesystem::path path, os::FileDescriptor file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::filesystem::path path_;
  os::FileDescriptor file_;
  Clock::time_point synced_ = Clock::now();
};

}  // namespace sheaf::store
