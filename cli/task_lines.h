// Where the tasks of a graph stand when it is drawn as a tree of lines. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace sheaf::cli {

struct TaskPlace {
  std::string key;
  std::vector<std::string> depends_on;
};

struct TaskLine {
  std::size_t task = 0;  ///< Index of the TaskPlace.
  std::string branch;    ///< What stands left of it: "│  └─ ".
  std::string others;    ///< What else it waits for: " (also after a, b)"; mostly empty.
};

/// Each task once, below the dependency that is deepest in the graph, with all others named behind
/// it. What stands in a cycle counts as a root.
[[nodiscard]] std::vector<TaskLine> lay_out(const std::vector<TaskPlace>& tasks);

}  // namespace sheaf::cli
