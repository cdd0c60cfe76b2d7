// What the settings alone say of a job's tasks and no attempt of theirs changes: how they are
// placed, and which environment they get. Compiled once a run, so that a million iterations ask for
// it at the cost of a look-up. Immutable.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/shared.h"
#include "common/model/job_settings.h"
#include "scheduler/core/ready_queue.h"
#include "scheduler/core/records.h"

namespace sheaf::core {

/// Tasks that are placed alike and get the same environment.
struct TaskKind {
  ReadyShape shape;
  Shared<model::EnvironmentSettings> environment;
};

class TaskKinds {
 public:
  TaskKinds() = default;

  /// O(tasks log kinds + kinds (environments + dependency lines)).
  explicit TaskKinds(const model::JobSettings& settings);

  /// Of a task of the job; of a for-each task what is inside it. REQUIRES: the job has the task.
  [[nodiscard]] const TaskKind& of(TaskIndex task) const { return kinds_[kind_of_task_[task]]; }

 private:
  std::vector<TaskKind> kinds_;
  std::vector<std::uint32_t> kind_of_task_;
};

}  // namespace sheaf::core
