#include "cli/task_tree.h"

#include <algorithm>
#include <map>

#include "cli/console.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxIndentedDepth = 12;

struct Node {
  std::size_t depth = 0;
  std::optional<std::size_t> parent;
  std::vector<std::size_t> children;
};

struct Line {
  std::size_t task = 0;
  std::string left;
};

std::vector<std::vector<std::size_t>> dependencies_of(const std::vector<TaskView>& tasks) {
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

std::vector<Node> make_nodes(const std::vector<TaskView>& tasks) {
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

std::string_view mark_of(const TaskView& task) {
  const auto state = find_task_state(task.state);
  if (!state) {
    return "?";
  }
  switch (*state) {
    case model::TaskState::kBlocked:
    case model::TaskState::kReady:
      return "·";
    case model::TaskState::kLeased:
    case model::TaskState::kRunning:
    case model::TaskState::kDelegated:
    case model::TaskState::kStreaming:
    case model::TaskState::kWaitingRetry:
    case model::TaskState::kStopping:
      return "●";
    case model::TaskState::kSucceeded:
      return "✓";
    case model::TaskState::kFailed:
    case model::TaskState::kTimedOut:
    case model::TaskState::kInternalError:
      return "✗";
    case model::TaskState::kCancelled:
    case model::TaskState::kExcluded:
    case model::TaskState::kUpstreamFailed:
    case model::TaskState::kUpstreamCancelled:
    case model::TaskState::kDisabled:
      return "-";
  }
  return "?";
}

/// At work or in trouble: what a small terminal must still show.
bool is_remarkable(const TaskView& task) {
  const std::string_view mark = mark_of(task);
  return mark == "●" || mark == "✗";
}

std::string other_dependencies(const TaskView& task, const std::string& parent) {
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

std::vector<Line> make_lines(const std::vector<TaskView>& tasks) {
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
  std::vector<Line> lines;
  while (!open.empty()) {
    const Open now = std::move(open.back());
    open.pop_back();
    const TaskView& task = tasks[now.task];
    const Node& node = nodes[now.task];
    const std::string parent = node.parent ? tasks[*node.parent].key : "";
    lines.push_back({.task = now.task,
                     .left = branch_text(now.branch, now.level) + std::string(mark_of(task)) + " " +
                             printable(task.key) + other_dependencies(task, parent)});
    const std::string rails = rails_below(now.branch, now.level);
    for (std::size_t child = node.children.size(); child-- > 0;) {
      open.push_back({.task = node.children[child],
                      .branch = {.rails = rails, .is_last = child + 1 == node.children.size()},
                      .level = now.level + 1});
    }
  }
  return lines;
}

std::string state_of_task(const TaskView& task, Timestamp now) {
  std::string text = task.state;
  if (!task.outcome.empty()) {
    text += " (" + task.outcome + ")";
  }
  if (task.start_ms > 0) {
    text += "  " + span_text(task.start_ms, task.end_ms, now);
  }
  if (task.attempt_number > 0) {
    text += "  attempt " + std::to_string(task.attempt_number);
  }
  if (is_remarkable(task) && !task.message.empty()) {
    text += "  " + printable(task.message.substr(0, task.message.find('\n')));
  }
  return text;
}

std::string cut(std::string text, std::size_t columns) {
  std::size_t bytes = 0;
  for (std::size_t column = 0; bytes < text.size() && column < columns; ++column) {
    ++bytes;
    while (bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) {
      ++bytes;
    }
  }
  text.resize(bytes);
  return text;
}

std::string head_of(const RunView& run, Timestamp now) {
  const std::int64_t start = run.start_ms > 0 ? run.start_ms : run.submitted_ms;
  std::string text = "Run " + std::to_string(run.run_id) + "  " + printable(run.name) + "  " +
                     state_text(run) + "  " + span_text(start, run.end_ms, now);
  if (!run.message.empty()) {
    text += "  " + printable(run.message);
  }
  return text;
}

}  // namespace

std::vector<std::string> draw_tree(const RunView& run, Timestamp now, TerminalSize size) {
  auto lines = make_lines(run.tasks);
  const std::size_t room = size.rows > 3 ? size.rows - 3 : 1;
  const std::size_t all = lines.size();
  if (lines.size() > room) {
    std::erase_if(lines, [&](const Line& line) { return !is_remarkable(run.tasks[line.task]); });
    lines.resize(std::min(lines.size(), room));
  }
  std::size_t widest = 0;
  for (const Line& line : lines) {
    widest = std::max(widest, width_of(line.left));
  }
  std::vector<std::string> text{cut(head_of(run, now), size.columns)};
  for (const Line& line : lines) {
    const std::string padding(widest - width_of(line.left) + 2, ' ');
    text.push_back(
        cut(line.left + padding + state_of_task(run.tasks[line.task], now), size.columns));
  }
  if (lines.size() < all) {
    const auto ended = std::ranges::count_if(run.tasks, [](const TaskView& task) {
      const auto state = find_task_state(task.state);
      return state && model::is_terminal(*state);
    });
    text.push_back(cut("… " + std::to_string(all - lines.size()) + " more tasks; " +
                           std::to_string(ended) + " of " + std::to_string(all) + " have ended",
                       size.columns));
  }
  return text;
}

std::vector<std::size_t> tree_order(const std::vector<TaskView>& tasks) {
  std::vector<std::size_t> order;
  for (const Line& line : make_lines(tasks)) {
    order.push_back(line.task);
  }
  return order;
}

}  // namespace sheaf::cli
