#include "tests/sim/run_fact.h"

#include <algorithm>

namespace sheaf::sim {

std::size_t RunFact::block_of(core::TaskIndex task) const {
  std::size_t block = 0;
  while (task >= blocks[block].first + blocks[block].count) {
    ++block;
  }
  return block;
}

std::optional<std::size_t> RunFact::find_block(core::TaskIndex parent) const {
  const auto found = std::ranges::find(blocks, parent, &core::IterationBlock::parent);
  return found == blocks.end() ? std::nullopt
                               : std::optional(static_cast<std::size_t>(found - blocks.begin()));
}

const model::TaskSettings& RunFact::settings_of(core::TaskIndex task) const {
  if (!is_iteration(task)) {
    return settings->tasks[task];
  }
  const auto& parent = settings->tasks[blocks[block_of(task)].parent];
  return std::get<model::ForEachTask>(parent.action).task.front();
}

core::TaskIndex RunFact::index_of(const std::string& task_key) const {
  const auto found = std::ranges::find(settings->tasks, task_key, &model::TaskSettings::task_key);
  return static_cast<core::TaskIndex>(found - settings->tasks.begin());
}

bool RunFact::is_stream(core::TaskIndex task) const {
  if (!is_iteration(task)) {
    return false;
  }
  const auto& parent = settings->tasks[blocks[block_of(task)].parent];
  return std::get<model::ForEachTask>(parent.action).mode == model::ForEachMode::kStream;
}

bool RunFact::is_stopped(core::TaskIndex task) const {
  return is_stopping || tasks[task].stop_reason != model::StopReason::kNone ||
         (is_iteration(task) && is_stopped(blocks[block_of(task)].parent));
}

}  // namespace sheaf::sim
