// Follows what holds a task up, back to where it begins. Internal to scheduler/core.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/core/explain.h"
#include "scheduler/core/explain_placement.h"
#include "scheduler/core/state.h"

namespace sheaf::core {

/// One explanation in the making; borrows from State.
class Explainer {
 public:
  explicit Explainer(const State& state) : state_(state) {}

  using Reasons = std::vector<Reason>;
  [[nodiscard]] Reasons of_run(const LiveRun& run);
  [[nodiscard]] Reasons of_task(const LiveRun& run, TaskIndex task);

 private:
  /// What a walk back through dependencies does at one of them.
  enum class Turn { kIgnore, kPass, kStop };
  struct Found {
    TaskIndex task = 0;
    std::vector<std::string> through;
  };
  using Judge = std::function<Turn(const model::Dependency&, TaskIndex)>;
  /// The tasks at which `judge` stops, each once, the nearest first.
  std::vector<Found> walk_back(const LiveRun& run, TaskIndex task, const Judge& judge);

  Reasons of_queued(const LiveRun& run);
  Reasons of_blocked(const LiveRun& run, TaskIndex task);
  Reasons of_iteration(const LiveRun& run, TaskIndex task);
  Reasons of_ready(const LiveRun& run, TaskIndex task);
  Reasons of_active(const LiveRun& run, TaskIndex task);
  Reasons of_delegated(const LiveRun& run, TaskIndex task);
  Reasons of_streaming(const LiveRun& run, TaskIndex task);
  Reasons of_child(const LiveRun& run, TaskIndex task, RunId child);
  Reasons of_iterations(const LiveRun& run, TaskIndex parent, std::uint32_t block);

  // Of what is over.
  Reasons of_run_over(const LiveRun& run);
  Reasons of_task_over(const LiveRun& run, TaskIndex task);
  Reasons of_excluded(const LiveRun& run, TaskIndex task);
  Reasons of_upstream_failed(const LiveRun& run, TaskIndex task);

  /// A reason that speaks of the task.
  [[nodiscard]] Reason about(const LiveRun& run,
                             TaskIndex task,
                             ReasonCode code,
                             std::string message) const;
  [[nodiscard]] Reason due(const LiveRun& run, TaskIndex task, std::string message) const;
  /// Appends while there is room in the list and in the explanation; else says that there is more.
  void add(Reasons& list, Reason reason);
  void add_all(Reasons& list, Reasons more);
  [[nodiscard]] bool is_full(const Reasons& list) const;

  const State& state_;
  std::optional<PlacementReasons> placement_;
  std::size_t left_ = kMaxReasons;
  int level_ = 0;
};

/// "train", or "train[3]" for an iteration.
[[nodiscard]] std::string name_of(const LiveRun& run, TaskIndex task);

}  // namespace sheaf::core
