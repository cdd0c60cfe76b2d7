// All tasks of a job as it was written: those of its list, and what its for-each tasks repeat.
#pragma once

#include <string>

#include "bundles/value.h"

namespace sheaf::bundles {

/// Calls `visit(task, path)` for each task of `job`, a Value or a const Value at `path`; what a
/// for-each task repeats comes after it.
template <typename JobValue, typename Visit>
void visit_tasks(JobValue& job, const std::string& path, Visit visit) {
  auto* tasks = find(job, "tasks");
  if (tasks == nullptr) {
    return;
  }
  for (std::size_t i = 0; i < tasks->items.size(); ++i) {
    auto& task = tasks->items[i];
    const std::string task_path = item_path(member_path(path, "tasks"), i);
    visit(task, task_path);
    auto* for_each = find(task, "for_each_task");
    auto* repeated = for_each == nullptr ? nullptr : find(*for_each, "task");
    if (repeated != nullptr) {
      visit(*repeated, task_path + ".for_each_task.task");
    }
  }
}

}  // namespace sheaf::bundles
