// A run's task graph, compiled once: dense indices and edges in CSR form. Immutable. Borrows the
// keys of the settings that it was made from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/model/job_settings.h"
#include "scheduler/core/records.h"

namespace sheaf::core {

/// What an edge asks of a condition task; kAny on all other edges.
enum class EdgeOutcome : std::uint8_t { kAny = 0, kTrue = 1, kFalse = 2 };

struct Edge {
  TaskIndex target = 0;
  EdgeOutcome outcome = EdgeOutcome::kAny;
};

class JobGraph {
 public:
  JobGraph() = default;

  /// `settings` must outlive the graph. REQUIRES: they came from parse_job_settings (keys unique,
  /// dependencies known, no cycle). O(tasks + edges).
  explicit JobGraph(const model::JobSettings& settings);
  explicit JobGraph(const model::JobSettings&& settings) = delete;

  [[nodiscard]] std::uint32_t size() const {
    return static_cast<std::uint32_t>(dependency_counts_.size());
  }
  /// Edges to the tasks that depend on `task`.
  [[nodiscard]] std::span<const Edge> dependents(TaskIndex task) const {
    return {edges_.data() + offsets_[task], edges_.data() + offsets_[task + 1]};
  }
  [[nodiscard]] std::uint32_t dependency_count(TaskIndex task) const {
    return dependency_counts_[task];
  }
  /// The task of that key. O(1) expected.
  [[nodiscard]] std::optional<TaskIndex> find(std::string_view task_key) const;

 private:
  std::vector<std::uint32_t> offsets_;
  std::vector<Edge> edges_;
  std::vector<std::uint32_t> dependency_counts_;
  std::unordered_map<std::string_view, TaskIndex> by_key_;  ///< Looked up, never iterated.
};

}  // namespace sheaf::core
