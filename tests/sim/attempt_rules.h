// The part of the reference model that speaks of attempts: how often a task is tried, and what its
// last attempt makes of it. Written as the documentation of jobs says it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "scheduler/core/records.h"

namespace sheaf::sim {

/// A row that is over and whose task was due.
struct TriedTask {
  const model::TaskSettings& settings;
  const core::TaskRow& row;
  /// Of the present pass, oldest first. At least one.
  std::vector<core::AttemptRecord> attempts;
  /// An iteration of a stream: stopped with its process it has no attempt of its own.
  bool is_stream = false;
  /// Its run, its for-each task or itself was stopped, or is known to have been meant.
  bool may_be_stopped = false;
};

/// How the task's attempts break the rules; nullopt: they do not.
[[nodiscard]] std::optional<std::string> find_attempt_fault(const TriedTask& task);

/// Whether the end is one that the task's own filter repeats. REQUIRES: `end` was no loss.
[[nodiscard]] bool is_wanted_end(const model::RetryFilter& filter,
                                 const core::AttemptRecord& attempt);

}  // namespace sheaf::sim
