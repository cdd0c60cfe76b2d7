// A run's task graph as lines of text for a terminal. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/run_view.h"
#include "common/base/time.h"

namespace sheaf::cli {

struct TerminalSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// The run and its tasks, each below the dependency that it waits for longest; other dependencies
/// are named behind it. At most `size.rows - 1` lines of `size.columns` columns: where that is too
/// few, tasks that are neither at work nor in trouble are only counted.
[[nodiscard]] std::vector<std::string> draw_tree(const RunView& run,
                                                 Timestamp now,
                                                 TerminalSize size);

/// Indices of `tasks` so that each stands behind its dependencies, near to the first of them.
[[nodiscard]] std::vector<std::size_t> tree_order(const std::vector<TaskView>& tasks);

}  // namespace sheaf::cli
