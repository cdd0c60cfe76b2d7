// The verbs of apply(): each changes one thing in State together with every index derived from it.
// Internal to scheduler/core.
#pragma once

#include "scheduler/core/event.h"
#include "scheduler/core/state.h"

namespace sheaf::core {

/// A dependency as its dependents' run_if sees it.
enum class DependencyClass : std::uint8_t { kSucceeded, kExcluded, kFailed };

/// How `task`, finished, counts along `edge`.
[[nodiscard]] DependencyClass classify(const LiveRun& run, TaskIndex task, EdgeOutcome edge);

/// Whether the task's attempt will be declared lost unless its worker reports it (LossExpected). A
/// leased or stopping task has no other deadline.
[[nodiscard]] bool is_loss_expected(const LiveRun& run, TaskIndex task);

class StateWriter {
 public:
  explicit StateWriter(State& state) : state_(state) {}

  /// Takes the ids up to and with `id` out of the counter.
  void take_id(std::int64_t id);

  /// Adds a run with rows as given: builds graph and every index. Rows of a new run are all
  /// kBlocked.
  LiveRun& add_run(RunRecord record, SettingsPointer settings);
  /// Builds the derived parts of a run whose rows and details are set (recovery and add_run).
  void index_run(LiveRun& run);

  void mark_dirty(LiveRun& run);
  void mark_dirty(LiveRun& run, TaskIndex task);
  void set_deadline(LiveRun& run, TaskIndex task, Timestamp at);
  void set_run_deadline(LiveRun& run, Timestamp at);

  /// Lists tasks without open dependencies for Settle.
  void list_unblocked(const LiveRun& run);
  /// Lists tasks that have not started of a stopping run for Settle.
  void list_stoppable(const LiveRun& run);

  void bind_attempt(LiveRun& run, TaskIndex task);
  void release_attempt(LiveRun& run, TaskIndex task);
  /// Tells the dependents of a finished task and lists those that are unblocked.
  void finish_task(LiveRun& run, TaskIndex task);

  /// Moves the run between queue, running set and neither, after its state.
  void place_in_job(const LiveRun& run);
  void refresh_startable(JobId job);

 private:
  State& state_;
};

}  // namespace sheaf::core
