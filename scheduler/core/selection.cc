#include "scheduler/core/selection.h"

#include <algorithm>
#include <string_view>

#include "common/model/nearest.h"

namespace sheaf::core {
namespace {

struct Selector {
  std::string task_key;
  bool with_upstream = false;
  bool with_downstream = false;
};

Selector parse_selector(std::string_view text) {
  Selector selector;
  selector.with_upstream = text.starts_with('+');
  text.remove_prefix(selector.with_upstream ? 1 : 0);
  selector.with_downstream = text.ends_with('+');
  text.remove_suffix(selector.with_downstream ? 1 : 0);
  selector.task_key = text;
  return selector;
}

/// Marks what can be reached from the marked tasks over `next`.
void spread(std::vector<bool>& marked, const std::vector<std::vector<TaskIndex>>& next) {
  std::vector<TaskIndex> open;
  for (TaskIndex task = 0; task < marked.size(); ++task) {
    if (marked[task]) {
      open.push_back(task);
    }
  }
  while (!open.empty()) {
    const TaskIndex task = open.back();
    open.pop_back();
    for (const TaskIndex neighbour : next[task]) {
      if (!marked[neighbour]) {
        marked[neighbour] = true;
        open.push_back(neighbour);
      }
    }
  }
}

}  // namespace

std::optional<std::string> find_selection_fault(const model::JobSettings& settings,
                                                const std::vector<std::string>& only) {
  std::vector<std::string> keys;
  for (const model::TaskSettings& task : settings.tasks) {
    keys.push_back(task.task_key);
  }
  for (const std::string& text : only) {
    const std::string key = parse_selector(text).task_key;
    if (std::ranges::find(keys, key) == keys.end()) {
      return "the job has no task \"" + key + "\"" + model::did_you_mean(key, keys);
    }
  }
  return std::nullopt;
}

std::vector<bool> find_unselected(const JobGraph& graph, const std::vector<std::string>& only) {
  if (only.empty()) {
    return {};
  }
  std::vector<std::vector<TaskIndex>> downstream(graph.size());
  std::vector<std::vector<TaskIndex>> upstream(graph.size());
  for (TaskIndex task = 0; task < graph.size(); ++task) {
    for (const Edge& edge : graph.dependents(task)) {
      downstream[task].push_back(edge.target);
      upstream[edge.target].push_back(task);
    }
  }
  std::vector<bool> unselected(graph.size(), true);
  for (const std::string& text : only) {
    const Selector selector = parse_selector(text);
    const auto found = graph.find(selector.task_key);
    if (!found) {
      continue;
    }
    std::vector<bool> above(graph.size(), false);
    above[*found] = true;
    std::vector<bool> below = above;
    if (selector.with_upstream) {
      spread(above, upstream);
    }
    if (selector.with_downstream) {
      spread(below, downstream);
    }
    for (TaskIndex task = 0; task < graph.size(); ++task) {
      unselected[task] = unselected[task] && !above[task] && !below[task];
    }
  }
  return unselected;
}

}  // namespace sheaf::core
