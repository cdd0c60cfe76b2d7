// What the references in a task's texts stand for, told from the rows of its run: what a run stores
// gives the same texts again that its attempts were given.
#pragma once

#include <string>
#include <vector>

#include "scheduler/core/facts.h"
#include "scheduler/core/state.h"

namespace sheaf::core {

struct ResolvedTexts {
  /// Of a command, or of a Python file or function after its name; of a notebook name, value, name…
  std::vector<std::string> arguments;
  std::string left;  ///< Of a condition.
  std::string right;
  NamedStrings job_parameters;  ///< Of a run-job task, as it names them.
};

/// Threads: one.
class TextResolver {
 public:
  /// O(tasks + edges + rows). REQUIRES: check_stored() passes, and the run has the inputs of all of
  /// its blocks.
  explicit TextResolver(StoredRun run);

  /// Fails with kInvalid and the reason where a reference stands for nothing (yet).
  [[nodiscard]] Result<ResolvedTexts> resolve(TaskIndex task) const;
  /// What the row executes.
  [[nodiscard]] const model::TaskSettings& settings_of(TaskIndex task) const {
    return run_.task_settings(task);
  }

 private:
  LiveRun run_;
};

}  // namespace sheaf::core
