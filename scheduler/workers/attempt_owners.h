// Which worker runs an attempt: whose log bytes of it are taken.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "common/base/guarded.h"
#include "common/base/id.h"
#include "common/base/result.h"
#include "scheduler/store/store.h"

namespace sheaf::workers {

struct AttemptOwner {
  RunId run;
  std::string worker;  ///< Its name; empty when it is no longer known.
};

/// Remembers what it is told and asks the store for the rest. Bounded: the oldest answers are
/// forgotten. Threads: any.
class AttemptOwners {
 public:
  /// `store` must outlive this.
  explicit AttemptOwners(const store::Store& store) : store_(store) {}

  void name_worker(WorkerId worker, const std::string& name);
  void note(AttemptId attempt, RunId run, WorkerId worker);

  /// The worker that holds, or last held, the attempt; nullopt when nobody ever did. Fails when the
  /// store cannot be read.
  [[nodiscard]] Result<std::optional<AttemptOwner>> find(AttemptId attempt);

 private:
  struct Place {
    RunId run;
    WorkerId worker;
  };
  struct Known {
    std::map<WorkerId, std::string> names;
    std::map<AttemptId, Place> places;
    std::deque<AttemptId> oldest_first;
  };

  [[nodiscard]] Result<std::optional<Place>> read_place(AttemptId attempt) const;

  const store::Store& store_;
  Guarded<Known> known_;
};

}  // namespace sheaf::workers
