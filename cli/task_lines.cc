#include "cli/task_lines.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/console.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxIndentedDepth = 12;

struct Node {
  std::size_t depth = 0;
  std::optional<std::size_t> parent;
  std::vector<std::size_t> children;
};

std::vector<std::vector<std::size_t>> dependencies_of(const std::vector<TaskPlace>& tasks) {
  std::map<std::string_view, std::size_t> index;
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    index.emplace(tasks[task].key, task);
  }
  std::vector<std::vector<std::size_t>> dependencies(tasks.size());
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    for (const std::string& key : tasks[task].depends_on) {
      if (const auto found = index.find(key); found != index.end()) {
        dependencies[task].push_back(found->second);
      }
    }
  }
  return dependencies;
}

/// Longest way from a root, for every task; what stands in a cycle counts as a root.
std::vector<std::size_t> depths_of(const std::vector<std::vector<std::size_t>>& dependencies) {
  const std::size_t count = dependencies.size();
  std::vector<std::vector<std::size_t>> dependents(count);
  std::vector<std::size_t> open(count);
  std::vector<std::size_t> ready;
  for (std::size_t task = 0; task < count; ++task) {
    open[task] = dependencies[task].size();
    if (open[task] == 0) {
      ready.push_back(task);
    }
    for (const std::size_t dependency : dependencies[task]) {
      dependents[dependency].push_back(task);
    }
  }
  std::vector<std::size_t> depths(count, 0);
  for (std::size_t next = 0; next < ready.size(); ++next) {
    for (const std::size_t task : dependents[ready[next]]) {
      depths[task] = std::max(depths[task], depths[ready[next]] + 1);
      if (--open[task] == 0) {
        ready.push_back(task);
      }
    }
  }
  for (std::size_t task = 0; task < count; ++task) {
    depths[task] = open[task] > 0 ? 0 : depths[task];
  }
  return depths;
}

std::vector<Node> make_nodes(const std::vector<TaskPlace>& tasks) {
  const auto dependencies = dependencies_of(tasks);
  const auto depths = depths_of(dependencies);
  std::vector<Node> nodes(tasks.size());
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    nodes[task].depth = depths[task];
    if (depths[task] == 0) {
      continue;
    }
    const auto deepest = std::ranges::max_element(
        dependencies[task], {}, [&](std::size_t dependency) { return depths[dependency]; });
    nodes[task].parent = *deepest;
    nodes[*deepest].children.push_back(task);
  }
  return nodes;
}

std::string other_dependencies(const TaskPlace& task, const std::string& parent) {
  std::string others;
  for (const std::string& key : task.depends_on) {
    if (key != parent) {
      others += (others.empty() ? " (also after " : ", ") + key;
    }
  }
  return others.empty() ? others : others + ")";
}

/// What stands left of a task's name: rails of its ancestors, then its own branch.
struct Branch {
  std::string rails;
  bool is_last = true;
};

std::string branch_text(const Branch& branch, std::size_t depth) {
  if (depth == 0) {
    return "";
  }
  return branch.rails + (branch.is_last ? "└─ " : "├─ ");
}

std::string rails_below(const Branch& branch, std::size_t depth) {
  if (depth == 0 || depth > kMaxIndentedDepth) {
    return branch.rails;
  }
  return branch.rails + (branch.is_last ? "   " : "│  ");
}

}  // namespace

std::vector<TaskLine> lay_out(const std::vector<TaskPlace>& tasks) {
  const auto nodes = make_nodes(tasks);
  struct Open {
    std::size_t task;
    Branch branch;
    std::size_t level;
  };
  std::vector<Open> open;
  for (std::size_t task = tasks.size(); task-- > 0;) {
    if (!nodes[task].parent) {
      open.push_back({.task = task, .branch = {}, .level = 0});
    }
  }
  std::vector<TaskLine> lines;
  while (!open.empty()) {
    const Open now = std::move(open.back());
    open.pop_back();
    const TaskPlace& task = tasks[now.task];
    const Node& node = nodes[now.task];
    const std::string parent = node.parent ? tasks[*node.parent].key : "";
    lines.push_back({.task = now.task,
                     .branch = branch_text(now.branch, now.level),
                     .others = other_dependencies(task, parent)});
    const std::string rails = rails_below(now.branch, now.level);
    for (std::size_t child = node.children.size(); child-- > 0;) {
      open.push_back({.task = node.children[child],
                      .branch = {.rails = rails, .is_last = child + 1 == node.children.size()},
                      .level = now.level + 1});
    }
  }
  return lines;
}

}  // namespace sheaf::cli
