// Wakes those who wait for a run to change. Fed by the engine after each commit.
//
// A run's version is the batch that last changed it, or an upper bound of that: versions of runs
// that have not changed for long are forgotten in favour of one floor, so a waiter may be woken for
// nothing but never misses a change. Read the version before the run: then the run is at least as
// new. Threads: any.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <unordered_map>
#include <vector>

#include "common/base/guarded.h"
#include "common/base/id.h"
#include "common/base/result.h"

namespace sheaf::http {

class ChangeFeed {
 public:
  using WaiterId = std::uint64_t;
  static constexpr std::size_t kMaxWaiters = 4'096;
  static constexpr std::size_t kMaxVersions = 65'536;

  /// `last_batch` is the store's last batch at start: no run is newer.
  explicit ChangeFeed(std::uint64_t last_batch);

  /// These runs changed in `batch`. Calls the waiters' functions, which must not block.
  void publish(const std::vector<RunId>& runs, std::uint64_t batch);

  [[nodiscard]] std::uint64_t version(RunId run) const;

  /// Calls `on_change` once when the run's version is above `above`: from publish(), or right here
  /// when it already is. Fails with kExhausted when too many wait.
  [[nodiscard]] Result<WaiterId> wait(RunId run,
                                      std::uint64_t above,
                                      std::function<void()> on_change);

  /// True when the waiter was still there: its function will not be called any more.
  bool cancel(WaiterId waiter);

 private:
  struct Waiter {
    WaiterId id = 0;
    std::uint64_t above = 0;
    std::function<void()> on_change;
  };
  struct Content {
    std::uint64_t floor = 0;
    std::unordered_map<RunId, std::uint64_t> versions;
    std::set<std::pair<std::uint64_t, RunId>> by_age;  ///< The same, oldest first.
    std::unordered_map<RunId, std::vector<Waiter>> waiters;
    std::unordered_map<WaiterId, RunId> waiting;
    WaiterId next_waiter = 1;
  };

  static std::uint64_t version_of(const Content& content, RunId run);
  static void set_version(Content& content, RunId run, std::uint64_t batch);
  static std::vector<std::function<void()>> take_ready(Content& content, RunId run);

  Guarded<Content> content_;
};

}  // namespace sheaf::http
