#include "scheduler/core/job_graph.h"

#include "common/base/check.h"

namespace sheaf::core {
namespace {

EdgeOutcome edge_outcome(const model::Dependency& dependency) {
  if (!dependency.outcome) {
    return EdgeOutcome::kAny;
  }
  return *dependency.outcome ? EdgeOutcome::kTrue : EdgeOutcome::kFalse;
}

}  // namespace

JobGraph::JobGraph(const model::JobSettings& settings)
    : offsets_(settings.tasks.size() + 1, 0), dependency_counts_(settings.tasks.size(), 0) {
  by_key_.reserve(settings.tasks.size());
  for (TaskIndex task = 0; task < settings.tasks.size(); ++task) {
    by_key_.emplace(settings.tasks[task].task_key, task);
  }
  const auto upstream = [this](const model::Dependency& dependency) {
    const auto found = find(dependency.task_key);
    SHEAF_CHECK(found.has_value(), "settings were not checked: unknown dependency");
    return *found;
  };
  for (TaskIndex task = 0; task < settings.tasks.size(); ++task) {
    for (const model::Dependency& dependency : settings.tasks[task].depends_on) {
      ++offsets_[upstream(dependency) + 1];
      ++dependency_counts_[task];
    }
  }
  for (std::size_t i = 1; i < offsets_.size(); ++i) {
    offsets_[i] += offsets_[i - 1];
  }
  edges_.resize(offsets_.back());
  std::vector<std::uint32_t> next(offsets_.begin(), offsets_.end() - 1);
  for (TaskIndex task = 0; task < settings.tasks.size(); ++task) {
    for (const model::Dependency& dependency : settings.tasks[task].depends_on) {
      edges_[next[upstream(dependency)]++] =
          Edge{.target = task, .outcome = edge_outcome(dependency)};
    }
  }
}

std::optional<TaskIndex> JobGraph::find(std::string_view task_key) const {
  const auto found = by_key_.find(task_key);
  return found == by_key_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sheaf::core
