// How many attempts are on each worker and in each pool, from committed rows. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/base/guarded.h"
#include "scheduler/http/context.h"

namespace sheaf::http {

struct AttemptCounts {
  std::map<WorkerId, std::size_t> workers;
  std::map<std::string, std::size_t> pools;
};

struct Usage {
  AttemptCounts attempts;
  /// Not all active runs were looked at.
  bool is_partial = false;
};

/// Remembers the counts of each run for one version of it, so that only runs that changed since the
/// last call are read whole.
class UsageCounter {
 public:
  [[nodiscard]] Result<Usage> count(Context& context);

 private:
  struct Known {
    std::uint64_t version = 0;
    AttemptCounts attempts;
  };
  using KnownRuns = std::map<RunId, Known>;

  [[nodiscard]] Result<KnownRuns> count_runs(Context& context,
                                             const store::Reader& reader,
                                             const std::map<RunId, std::uint64_t>& versions);

  Guarded<KnownRuns> known_;
};

}  // namespace sheaf::http
