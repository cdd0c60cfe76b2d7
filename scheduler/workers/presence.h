// Which workers are there, for views.
#pragma once

#include <string>
#include <vector>

#include "common/base/id.h"

namespace sheaf::workers {

struct WorkerPresence {
  enum class State {
    kConnected,  ///< In session and heard of.
    kSuspect,    ///< Silent for longer than suspect_after.
    kAway,       ///< Not registered since the scheduler's start, or silent for the whole lease.
  };
  WorkerId worker;
  std::string name;
  State state = State::kAway;
  friend bool operator==(const WorkerPresence&, const WorkerPresence&) = default;
};

}  // namespace sheaf::workers
