#include "scheduler/http/views_iterations.h"

#include <algorithm>
#include <map>

#include <boost/json.hpp>

#include "common/base/check.h"
#include "scheduler/http/views_states.h"

namespace sheaf::http {
namespace {

namespace json = boost::json;

/// The three most frequent messages of failed iterations.
json::array error_statistics(const store::RunView& run, const core::IterationBlock& block) {
  constexpr std::size_t kShown = 3;
  std::map<std::string_view, std::int64_t> counts;
  for (core::TaskIndex row = block.first; row < block.first + block.count; ++row) {
    const std::string_view message = message_of(run, row);
    if (!message.empty()) {
      ++counts[message];
    }
  }
  std::vector<std::pair<std::string_view, std::int64_t>> sorted(counts.begin(), counts.end());
  // Equal counts in the order of their texts, as the map had them.
  std::ranges::sort(sorted, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  json::array list;
  for (std::size_t i = 0; i < std::min(kShown, sorted.size()); ++i) {
    list.push_back({{"error_message", sorted[i].first},
                    {"count", sorted[i].second},
                    {"termination_category", "CLIENT_ERROR"}});
  }
  return list;
}

/// Whether the for-each task of an iteration was, or is being, ended by a timeout.
bool is_parent_timed_out(const store::RunView& run, core::TaskIndex row) {
  const core::TaskRow& parent = run.tasks[block_of(run.record, row).parent];
  if (is_terminal(parent.state)) {
    return parent.state == model::TaskState::kTimedOut;
  }
  return parent.stop_reason == model::StopReason::kTimeout ||
         run.record.stop_reason == model::StopReason::kTimeout;
}

}  // namespace

std::string_view end_message(const store::RunView& run, core::TaskIndex task) {
  const std::string_view own = message_of(run, task);
  const bool is_iteration = task >= run.record.graph_size;
  if (own.empty() && is_iteration && run.tasks[task].state == model::TaskState::kCancelled &&
      is_parent_timed_out(run, task)) {
    return "Stopped: the for-each task timed out.";
  }
  return own;
}

std::string_view message_of(const store::RunView& run, core::TaskIndex task) {
  const auto found = run.details.find(task);
  return found == run.details.end() ? std::string_view() : found->second.message;
}

const core::IterationBlock& block_of(const core::RunRecord& run, core::TaskIndex row) {
  const auto after = std::ranges::upper_bound(run.blocks, row, {}, &core::IterationBlock::first);
  SHEAF_CHECK(after != run.blocks.begin(), "the row is no iteration");
  return *(after - 1);
}

const core::IterationBlock* find_block(const core::RunRecord& run, core::TaskIndex parent) {
  const auto found = std::ranges::find(run.blocks, parent, &core::IterationBlock::parent);
  return found == run.blocks.end() ? nullptr : &*found;
}

IterationCounts count_iterations(const store::RunView& run, const core::IterationBlock& block) {
  IterationCounts counts;
  for (core::TaskIndex row = block.first; row < block.first + block.count; ++row) {
    const model::TaskState state = run.tasks[row].state;
    if (state == model::TaskState::kBlocked) {
      ++counts.waiting;
    } else if (!is_terminal(state)) {
      ++counts.active;
    } else if (state == model::TaskState::kSucceeded) {
      ++counts.succeeded;
    } else {
      ++counts.failed;
    }
  }
  return counts;
}

void add_iteration_statistics(json::object& task,
                              const store::RunView& run,
                              core::TaskIndex parent) {
  auto* loop = task.if_contains("for_each_task");
  const core::IterationBlock* block = find_block(run.record, parent);
  if (loop == nullptr || !loop->is_object() || block == nullptr) {
    return;
  }
  const IterationCounts counts = count_iterations(run, *block);
  loop->get_object()["stats"] = {
      {"error_message_stats", error_statistics(run, *block)},
      {"task_run_stats",
       {{"active_iterations", counts.active},
        {"completed_iterations", counts.succeeded + counts.failed},
        {"failed_iterations", counts.failed},
        {"scheduled_iterations", counts.active + counts.succeeded + counts.failed},
        {"succeeded_iterations", counts.succeeded},
        {"total_iterations", block->count}}}};
}

/// The history of a run that was repaired, as `include_history` asks for it.
json::array repair_history(const core::RunRecord& run) {
  json::array history;
  for (const core::RepairRecord& pass : run.repairs) {
    json::array attempts;
    for (const AttemptId attempt : pass.attempts) {
      attempts.push_back(attempt.value);
    }
    json::object entry{{"type", pass.id == 0 ? "ORIGINAL" : "REPAIR"},
                       {"id", pass.id == 0 ? run.id.value : pass.id},
                       {"start_time", to_epoch_ms(pass.started)},
                       {"end_time", to_epoch_ms(pass.ended)},
                       {"task_run_ids", std::move(attempts)}};
    add_state(entry, public_state(pass.state), pass.message);
    history.push_back(std::move(entry));
  }
  return history;
}

}  // namespace sheaf::http
