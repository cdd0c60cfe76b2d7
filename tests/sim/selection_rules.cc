#include "tests/sim/selection_rules.h"

namespace sheaf::sim {

TaskKeys with_upstream(const model::JobSettings& settings, TaskKeys keys) {
  std::size_t before = 0;
  while (before != keys.size()) {
    before = keys.size();
    for (const model::TaskSettings& task : settings.tasks) {
      for (const model::Dependency& dependency : task.depends_on) {
        if (keys.contains(task.task_key)) {
          keys.insert(dependency.task_key);
        }
      }
    }
  }
  return keys;
}

TaskKeys with_downstream(const model::JobSettings& settings, TaskKeys keys) {
  std::size_t before = 0;
  while (before != keys.size()) {
    before = keys.size();
    for (const model::TaskSettings& task : settings.tasks) {
      for (const model::Dependency& dependency : task.depends_on) {
        if (keys.contains(dependency.task_key)) {
          keys.insert(task.task_key);
        }
      }
    }
  }
  return keys;
}

TaskKeys left_out_tasks(const model::JobSettings& settings, const std::vector<std::string>& only) {
  if (only.empty()) {
    return {};
  }
  TaskKeys chosen;
  for (const std::string& text : only) {
    const bool takes_upstream = text.front() == '+';
    const bool takes_downstream = text.back() == '+';
    const std::string key =
        text.substr(takes_upstream ? 1 : 0,
                    text.size() - (takes_upstream ? 1 : 0) - (takes_downstream ? 1 : 0));
    chosen.insert(key);
    if (takes_upstream) {
      chosen.merge(with_upstream(settings, {key}));
    }
    if (takes_downstream) {
      chosen.merge(with_downstream(settings, {key}));
    }
  }
  TaskKeys left_out;
  for (const model::TaskSettings& task : settings.tasks) {
    if (!chosen.contains(task.task_key)) {
      left_out.insert(task.task_key);
    }
  }
  return left_out;
}

}  // namespace sheaf::sim
