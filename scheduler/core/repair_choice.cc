#include "scheduler/core/repair_choice.h"

#include <algorithm>

#include "common/model/nearest.h"

namespace sheaf::core {
namespace {

bool has_failed(TaskState state) {
  switch (state) {
    case TaskState::kBlocked:
    case TaskState::kFailed:
    case TaskState::kTimedOut:
    case TaskState::kCancelled:
    case TaskState::kUpstreamFailed:
    case TaskState::kUpstreamCancelled:
    case TaskState::kInternalError:
      return true;
    case TaskState::kReady:
    case TaskState::kLeased:
    case TaskState::kRunning:
    case TaskState::kWaitingRetry:
    case TaskState::kStopping:
    case TaskState::kSucceeded:
    case TaskState::kExcluded:
    case TaskState::kDisabled:
    case TaskState::kDelegated:
    case TaskState::kStreaming:
      break;
  }
  return false;
}

}  // namespace

RepairChoice::RepairChoice(const StoredRun& before, SettingsPointer settings)
    : before_(before),
      settings_(std::move(settings)),
      graph_(*settings_),
      downstream_(graph_.size()),
      upstream_(graph_.size()),
      is_reset_(graph_.size(), false) {
  for (TaskIndex task = 0; task < graph_.size(); ++task) {
    for (const Edge& edge : graph_.dependents(task)) {
      downstream_[task].push_back(edge.target);
      upstream_[edge.target].push_back(task);
    }
  }
  for (TaskIndex task = 0; task < before_.record.graph_size; ++task) {
    old_index_.emplace(before_.settings->tasks[task].task_key, task);
  }
}

std::optional<TaskIndex> RepairChoice::find_before(TaskIndex task) const {
  const auto found = old_index_.find(settings_->tasks[task].task_key);
  return found == old_index_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<TaskIndex> RepairChoice::find_now(TaskIndex old) const {
  return graph_.find(before_.settings->tasks[old].task_key);
}

bool RepairChoice::was_successful(TaskIndex task) const {
  const auto old = find_before(task);
  return old && before_.rows[*old].state == TaskState::kSucceeded;
}

Result<void> RepairChoice::choose(const RepairRun& command) {
  if (command.all_failed) {
    choose_failed();
  } else if (auto named = choose_named(command.tasks); !named) {
    return named;
  }
  for (TaskIndex task = 0; task < is_reset_.size(); ++task) {
    const auto old = find_before(task);
    // New since the run was started, never begun (a repair that ended in the queue), or of another
    // kind, so that its end says nothing.
    is_reset_[task] =
        is_reset_[task] || !old || !is_terminal(before_.rows[*old].state) ||
        settings_->tasks[task].action.index() != before_.settings->tasks[*old].action.index();
  }
  if (std::ranges::find(is_reset_, true) == is_reset_.end()) {
    return fail(ErrorCode::kInvalid, "no task of the run failed: name the tasks to run again");
  }
  do {
    spread_downstream(command.dependents);
  } while (reset_between());
  return {};
}

Result<void> RepairChoice::choose_named(const std::vector<std::string>& tasks) {
  for (const std::string& key : tasks) {
    const auto found = graph_.find(key);
    if (!found) {
      std::vector<std::string> keys;
      for (const model::TaskSettings& task : settings_->tasks) {
        keys.push_back(task.task_key);
      }
      return fail(
          ErrorCode::kInvalid,
          "rerun_tasks: the job has no task \"" + key + "\"" + model::did_you_mean(key, keys));
    }
    is_reset_[*found] = true;
  }
  return {};
}

void RepairChoice::choose_failed() {
  for (TaskIndex task = 0; task < is_reset_.size(); ++task) {
    const auto old = find_before(task);
    is_reset_[task] = old && has_failed(before_.rows[*old].state);
  }
}

/// What depends on a task that runs again is judged again, unless it has succeeded and may stay.
void RepairChoice::spread_downstream(RepairRun::Dependents dependents) {
  std::vector<TaskIndex> open;
  for (TaskIndex task = 0; task < is_reset_.size(); ++task) {
    if (is_reset_[task]) {
      open.push_back(task);
    }
  }
  while (!open.empty()) {
    const TaskIndex task = open.back();
    open.pop_back();
    for (const Edge& edge : graph_.dependents(task)) {
      const bool stays =
          dependents == RepairRun::Dependents::kOnlyUnsuccessful && was_successful(edge.target);
      if (!is_reset_[edge.target] && !stays) {
        is_reset_[edge.target] = true;
        open.push_back(edge.target);
      }
    }
  }
}

std::vector<bool> RepairChoice::reachable(const Adjacency& next) const {
  std::vector<bool> found(graph_.size(), false);
  std::vector<TaskIndex> open;
  for (TaskIndex task = 0; task < graph_.size(); ++task) {
    if (is_reset_[task]) {
      open.push_back(task);
    }
  }
  while (!open.empty()) {
    const TaskIndex task = open.back();
    open.pop_back();
    for (const TaskIndex neighbour : next[task]) {
      if (!found[neighbour]) {
        found[neighbour] = true;
        open.push_back(neighbour);
      }
    }
  }
  return found;
}

/// What stands between two tasks that run again does too: the later one waits for the earlier one.
/// True when that was news.
bool RepairChoice::reset_between() {
  const std::vector<bool> below = reachable(downstream_);
  const std::vector<bool> above = reachable(upstream_);
  bool is_news = false;
  for (TaskIndex task = 0; task < graph_.size(); ++task) {
    if (below[task] && above[task] && !is_reset_[task]) {
      is_reset_[task] = true;
      is_news = true;
    }
  }
  return is_news;
}

bool RepairChoice::has_reset_ancestor(TaskIndex task) const {
  // What stands between two tasks that run again does too: the nearest ones tell of all.
  return std::ranges::any_of(upstream_[task],
                             [this](TaskIndex neighbour) { return is_reset_[neighbour]; });
}

}  // namespace sheaf::core
