#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "common/model/json_reading.h"
#include "common/model/nearest.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

/// Indices of dependencies that exist, per task, with the position of the edge in depends_on.
struct Edge {
  std::size_t upstream = 0;
  std::size_t position = 0;
};
using Edges = std::vector<std::vector<Edge>>;

std::string edge_path(std::size_t task, std::size_t position) {
  return indexed_path(member_path(indexed_path("tasks", task), "depends_on"), position);
}

class GraphChecker {
 public:
  GraphChecker(const JobSettings& settings, Findings& findings)
      : settings_(settings), findings_(findings), edges_(settings.tasks.size()) {}

  bool run() {
    index_keys();
    for (std::size_t i = 0; i < settings_.tasks.size(); ++i) {
      check_edges(i);
      check_environment(settings_.tasks[i], indexed_path("tasks", i));
      check_iteration(i);
    }
    return check_cycles();
  }

 private:
  void index_keys() {
    for (std::size_t i = 0; i < settings_.tasks.size(); ++i) {
      const std::string& key = settings_.tasks[i].task_key;
      if (key.empty()) {
        continue;
      }
      const auto [first, is_new] = index_.emplace(key, i);
      if (is_new) {
        keys_.push_back(key);
        continue;
      }
      report(findings_,
             member_path(indexed_path("tasks", i), "task_key"),
             "two tasks have the key \"" + key + "\"",
             "Give each task of the job its own key.");
      findings_.back().related.push_back(
          member_path(indexed_path("tasks", first->second), "task_key"));
    }
  }

  void check_edges(std::size_t task) {
    std::map<std::string, std::size_t> seen;
    const std::vector<Dependency>& dependencies = settings_.tasks[task].depends_on;
    for (std::size_t position = 0; position < dependencies.size(); ++position) {
      const Dependency& dependency = dependencies[position];
      if (dependency.task_key.empty()) {
        continue;
      }
      const std::string path = edge_path(task, position);
      const auto [first, is_new] = seen.emplace(dependency.task_key, position);
      if (!is_new) {
        report(findings_,
               member_path(path, "task_key"),
               "the task depends on \"" + dependency.task_key + "\" twice",
               "Keep one of the two.");
        findings_.back().related.push_back(member_path(edge_path(task, first->second), "task_key"));
        continue;
      }
      check_edge(task, position, path);
    }
  }

  void check_edge(std::size_t task, std::size_t position, const std::string& path) {
    const Dependency& dependency = settings_.tasks[task].depends_on[position];
    const auto upstream = index_.find(dependency.task_key);
    if (upstream == index_.end()) {
      report(findings_,
             member_path(path, "task_key"),
             "there is no task \"" + dependency.task_key + "\"" +
                 did_you_mean(dependency.task_key, keys_),
             "Name a task of the same job.");
      return;
    }
    edges_[task].push_back({.upstream = upstream->second, .position = position});
    const TaskSettings& other = settings_.tasks[upstream->second];
    if (dependency.outcome && !std::holds_alternative<ConditionTask>(other.action)) {
      report(findings_,
             member_path(path, "outcome"),
             "\"" + dependency.task_key + "\" is not a condition task and has no outcome",
             "Remove the outcome, or depend on a condition_task.");
      findings_.back().related.push_back(indexed_path("tasks", upstream->second));
    }
  }

  void check_environment(const TaskSettings& task, const std::string& path) {
    const std::string& key = task.environment_key;
    std::vector<std::string> known;
    for (const EnvironmentSettings& environment : settings_.environments) {
      known.push_back(environment.environment_key);
    }
    if (key.empty() || std::ranges::find(known, key) != known.end()) {
      return;
    }
    report(findings_,
           member_path(path, "environment_key"),
           "there is no environment \"" + key + "\"" + did_you_mean(key, known),
           "Declare it under `environments` of the job.");
  }

  // What a for-each task repeats is a task too; two for-each tasks may call theirs the same.
  void check_iteration(std::size_t task) {
    const auto* for_each = std::get_if<ForEachTask>(&settings_.tasks[task].action);
    if (for_each == nullptr || for_each->task.empty()) {
      return;
    }
    const std::string path = member_path(indexed_path("tasks", task), "for_each_task.task");
    const TaskSettings& inner = for_each->task.front();
    check_environment(inner, path);
    if (const auto other = index_.find(inner.task_key); other != index_.end()) {
      report(findings_,
             member_path(path, "task_key"),
             "a task of the job has the key \"" + inner.task_key + "\" as well",
             "Give what is repeated a key of its own, such as " + inner.task_key + "_iteration.");
      findings_.back().related.push_back(
          member_path(indexed_path("tasks", other->second), "task_key"));
    }
  }

  // Takes tasks whose dependencies are all taken until none is left; what stays is on or behind a
  // cycle.
  std::vector<bool> tasks_without_order(const std::vector<bool>& removed) const {
    std::vector<std::size_t> open(edges_.size(), 0);
    std::vector<std::vector<std::size_t>> dependents(edges_.size());
    std::vector<std::size_t> ready;
    std::vector<bool> stays(edges_.size(), false);
    for (std::size_t task = 0; task < edges_.size(); ++task) {
      for (const Edge& edge : edges_[task]) {
        if (removed[task] || removed[edge.upstream]) {
          continue;
        }
        ++open[task];
        dependents[edge.upstream].push_back(task);
      }
      stays[task] = open[task] > 0;
      if (!stays[task]) {
        ready.push_back(task);
      }
    }
    while (!ready.empty()) {
      const std::size_t task = ready.back();
      ready.pop_back();
      for (const std::size_t dependent : dependents[task]) {
        if (--open[dependent] == 0) {
          stays[dependent] = false;
          ready.push_back(dependent);
        }
      }
    }
    return stays;
  }

  const Edge* edge_into(std::size_t task, const std::vector<bool>& stays) const {
    for (const Edge& edge : edges_[task]) {
      if (stays[edge.upstream]) {
        return &edge;
      }
    }
    return nullptr;
  }

  // Walks from one staying task to its staying dependencies until a task comes again.
  std::vector<std::size_t> find_cycle(const std::vector<bool>& stays) const {
    std::size_t task = 0;
    while (task < stays.size() && !stays[task]) {
      ++task;
    }
    std::vector<std::size_t> walk;
    std::map<std::size_t, std::size_t> position;
    while (task < stays.size() && position.emplace(task, walk.size()).second) {
      walk.push_back(task);
      const Edge* edge = edge_into(task, stays);
      task = edge == nullptr ? stays.size() : edge->upstream;
    }
    if (task == stays.size()) {
      return {};
    }
    walk.erase(walk.begin(), walk.begin() + static_cast<std::ptrdiff_t>(position[task]));
    return walk;
  }

  // One finding per cycle: each found cycle is taken out and the rest looked at again.
  bool check_cycles() {
    std::vector<bool> removed(edges_.size(), false);
    bool has_order = true;
    while (true) {
      const std::vector<bool> stays = tasks_without_order(removed);
      const std::vector<std::size_t> cycle = find_cycle(stays);
      if (cycle.empty()) {
        return has_order;
      }
      has_order = false;
      report_cycle(cycle, stays);
      for (const std::size_t task : cycle) {
        removed[task] = true;
      }
    }
  }

  void report_cycle(const std::vector<std::size_t>& cycle, const std::vector<bool>& stays) {
    std::string shown;
    std::vector<std::string> paths;
    for (const std::size_t task : cycle) {
      shown += settings_.tasks[task].task_key + " → ";
      if (const Edge* edge = edge_into(task, stays)) {
        paths.push_back(member_path(edge_path(task, edge->position), "task_key"));
      }
    }
    shown += settings_.tasks[cycle.front()].task_key;
    report(findings_,
           paths.empty() ? "tasks" : paths.front(),
           "tasks wait for each other: " + shown,
           "Remove one of these dependencies.");
    if (!paths.empty()) {
      findings_.back().related.assign(paths.begin() + 1, paths.end());
    }
  }

  const JobSettings& settings_;
  Findings& findings_;
  Edges edges_;
  std::map<std::string, std::size_t> index_;
  std::vector<std::string> keys_;
};

}  // namespace

bool check_graph(const JobSettings& settings, Findings& findings) {
  return GraphChecker(settings, findings).run();
}

}  // namespace sheaf::model
