// Attempt logs, at <folder>/<run>/<attempt>.stdout and .stderr. A log of which nothing came has no
// file; one that ended without a byte has an empty one.
//
// Pieces come with their offset, may repeat and may overlap; the same offset always holds the same
// byte. What a process finds on disk at its start may end in bytes that a power loss spoiled, so
// nothing counts as held until this process was sent it or told where to go on. Threads: append(),
// close() and sync() one ingest thread; read(), length() and watch() any.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/guarded.h"
#include "common/base/id.h"
#include "common/base/result.h"
#include "common/model/attempt.h"
#include "common/os/file.h"
#include "common/wire/messages.h"

namespace sheaf::files {

using wire::LogStream;

struct LogName {
  RunId run;
  AttemptId attempt;
  LogStream stream = LogStream::kStdout;
  friend auto operator<=>(const LogName&, const LogName&) = default;
};

struct LogChunk {
  std::string bytes;
  std::uint64_t next_offset = 0;  ///< Where to read next.
};

/// How long the log of an attempt with this outcome is: once that much is there, nothing more
/// comes.
[[nodiscard]] std::uint64_t final_length(const model::AttemptOutcome& outcome, LogStream stream);

/// A log whose bytes before `length` are durable: to be acknowledged.
struct SyncedLog {
  LogName name;
  std::uint64_t length = 0;
};

class LogFiles;

/// While it lives, its callback is called on the ingest thread whenever the log has grown.
class LogWatch {
 public:
  LogWatch() = default;
  LogWatch(LogWatch&& other) noexcept;
  LogWatch& operator=(LogWatch&& other) noexcept;
  LogWatch(const LogWatch&) = delete;
  LogWatch& operator=(const LogWatch&) = delete;
  /// The callback is not called any more once this returns.
  ~LogWatch();

 private:
  friend class LogFiles;
  LogWatch(LogFiles* files, LogName name, std::uint64_t number)
      : files_(files), name_(name), number_(number) {}

  LogFiles* files_ = nullptr;
  LogName name_;
  std::uint64_t number_ = 0;
};

class LogFiles {
 public:
  /// Creates the folder where needed.
  [[nodiscard]] static Result<std::unique_ptr<LogFiles>> open(const std::filesystem::path& folder);
  ~LogFiles();

  /// Takes a piece, idempotently, and returns the length now held without a gap: below `offset`
  /// when bytes before it are missing (nothing is written then; the sender goes back to that
  /// length). Durable only after sync(). Fails with kExhausted above
  /// limits::kMaxLogBytesPerAttempt.
  [[nodiscard]] Result<std::uint64_t> append(const LogName& name,
                                             std::uint64_t offset,
                                             std::string_view bytes);

  /// Makes everything appended so far durable, tells the watchers, and returns every log that
  /// append() was called for since the last sync(): these may be acknowledged now. After a failure
  /// the outcome is unknown and the caller must exit.
  [[nodiscard]] Result<std::vector<SyncedLog>> sync();

  /// Nothing more is expected for the log: gives its descriptor back early. REQUIRES: synced.
  void close(const LogName& name);

  /// Up to `limit` bytes from `offset`; nothing yet, or no such log, is an empty chunk.
  [[nodiscard]] Result<LogChunk> read(const LogName& name,
                                      std::uint64_t offset,
                                      std::size_t limit) const;

  /// Bytes in the log; 0 when there is none.
  [[nodiscard]] Result<std::uint64_t> length(const LogName& name) const;

  /// Calls `on_change` from now on; watch first, then read, then wait. `on_change` must not block,
  /// nor call back into this object. REQUIRES: the watch does not outlive this object.
  [[nodiscard]] LogWatch watch(const LogName& name, std::function<void()> on_change);

 private:
  friend class LogWatch;

  /// A log that the ingest thread writes.
  struct OpenLog {
    os::FileDescriptor file;
    std::uint64_t length = 0;  ///< Held without a gap, as far as this process knows.
    bool is_dirty = false;
    std::list<LogName>::iterator use;
  };
  struct Watchers {
    std::map<LogName, std::map<std::uint64_t, std::function<void()>>> by_log;
    std::uint64_t last_number = 0;
  };

  explicit LogFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::filesystem::path path_of(const LogName& name) const;
  [[nodiscard]] Result<OpenLog*> find_open(const LogName& name, std::uint64_t offset);
  [[nodiscard]] Result<os::FileDescriptor> open_for_writing(const LogName& name);
  [[nodiscard]] Result<void> make_room();
  [[nodiscard]] Result<void> sync_dirty();
  void notify(const LogName& name);
  void unwatch(const LogName& name, std::uint64_t number);

  std::filesystem::path folder_;
  // Ingest thread only.
  std::map<LogName, OpenLog> open_;
  std::list<LogName> uses_;  ///< Of open_, most recent first.
  std::vector<LogName> dirty_;
  std::set<std::filesystem::path> dirty_folders_;
  std::vector<SyncedLog> synced_;  ///< Since the last sync().
  // Any thread.
  Guarded<Watchers> watchers_;
};

}  // namespace sheaf::files
