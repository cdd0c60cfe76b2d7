#include "scheduler/core/job_graph.h"

#include <algorithm>
#include <numeric>

#include "common/base/check.h"

namespace sheaf::core {
namespace {

EdgeOutcome edge_outcome(const model::Dependency& dependency) {
  if (!dependency.outcome) {
    return EdgeOutcome::kAny;
  }
  return *dependency.outcome ? EdgeOutcome::kTrue : EdgeOutcome::kFalse;
}

/// What a task is sorted and looked up by.
auto key_in(const model::JobSettings& settings) {
  return [&settings](TaskIndex task) -> std::string_view { return settings.tasks[task].task_key; };
}

}  // namespace

JobGraph::JobGraph(const model::JobSettings& settings)
    : offsets_(settings.tasks.size() + 1, 0),
      dependency_counts_(settings.tasks.size(), 0),
      by_key_(settings.tasks.size()) {
  std::iota(by_key_.begin(), by_key_.end(), 0);
  std::ranges::sort(by_key_, {}, key_in(settings));
  const auto upstream = [this, &settings](const model::Dependency& dependency) {
    const auto found = find(settings, dependency.task_key);
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

std::optional<TaskIndex> JobGraph::find(const model::JobSettings& settings,
                                        std::string_view task_key) const {
  const auto found = std::ranges::lower_bound(by_key_, task_key, {}, key_in(settings));
  const bool is_there = found != by_key_.end() && settings.tasks[*found].task_key == task_key;
  return is_there ? std::optional(*found) : std::nullopt;
}

}  // namespace sheaf::core
