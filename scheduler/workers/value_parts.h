// Lists of task values that arrive in parts, put together.
#pragma once

#include <map>
#include <optional>

#include "common/wire/messages.h"

namespace sheaf::workers {

/// The newest list of each attempt of one worker. A list is whole when its parts came in order and
/// without gaps; otherwise the worker, hearing no acknowledgement, sends all of it again. Threads:
/// one.
class ValueParts {
 public:
  /// Returns the whole list once `part` completes it. Parts of an older list than the newest one
  /// seen are dropped.
  [[nodiscard]] std::optional<wire::Values> add(wire::Values part);

  void forget(AttemptId attempt) { lists_.erase(attempt); }

 private:
  std::map<AttemptId, wire::Values> lists_;
};

}  // namespace sheaf::workers
