// The verbs of apply(): each changes one thing in State together with every index derived from it.
// Internal to scheduler/core.
#pragma once

#include "scheduler/core/core.h"
#include "scheduler/core/event.h"
#include "scheduler/core/state.h"

namespace sheaf::core {

/// A dependency as its dependents' run_if sees it.
enum class DependencyClass : std::uint8_t { kSucceeded, kExcluded, kFailed };

/// How `task`, finished, counts along `edge`.
[[nodiscard]] DependencyClass classify(const LiveRun& run, TaskIndex task, EdgeOutcome edge);

/// Counts one finished dependency for a dependent.
void count_dependency(DependencyCounts& counts, DependencyClass kind, TaskState state);

/// How many pages so many rows take.
[[nodiscard]] std::size_t page_count(std::uint32_t rows);

/// Whether the task's attempt will be declared lost unless its worker reports it (LossExpected). A
/// leased or stopping task has no other deadline.
[[nodiscard]] bool is_loss_expected(const LiveRun& run, TaskIndex task);

/// When the run's present pass began: the run itself, or its last repair.
[[nodiscard]] Timestamp pass_start(const RunRecord& run);

/// How many repairs the run has seen.
[[nodiscard]] std::uint32_t repair_count(const RunRecord& run);

class StateWriter {
 public:
  explicit StateWriter(State& state) : state_(state) {}

  /// Takes the ids up to and with `id` out of the counter.
  void take_id(std::int64_t id);

  /// Adds a run with rows as given: builds graph and every index. Rows of a new run are all
  /// kBlocked.
  LiveRun& add_run(RunRecord record, SettingsPointer settings);
  /// Adds a run as it was stored.
  LiveRun& add_stored(StoredRun stored);
  /// Builds what is derived from the rows and details. REQUIRES: the run is compiled.
  void index_run(LiveRun& run);

  void mark_dirty(LiveRun& run);
  void mark_dirty(LiveRun& run, TaskIndex task);
  void mark_whole(LiveRun& run);
  /// Tells the run-job task that waits for this run that it is over.
  void tell_parent(const LiveRun& run);
  void set_deadline(LiveRun& run, TaskIndex task, Timestamp at);
  void set_run_deadline(LiveRun& run, Timestamp at);

  /// Lists tasks without open dependencies for Settle.
  void list_unblocked(const LiveRun& run);
  /// Lists tasks that have not started of a stopping run for Settle.
  void list_stoppable(const LiveRun& run);

  void bind_attempt(LiveRun& run, TaskIndex task);
  /// Does nothing for an iteration of a stream whose attempt another row holds.
  void release_attempt(LiveRun& run, TaskIndex task);
  /// Tells the dependents of a finished task and lists those that are unblocked; of an iteration,
  /// tells its block. `before` is the state that the row had.
  void finish_task(LiveRun& run, TaskIndex task, TaskState before);

  /// Appends the rows of a block of iterations, all blocked.
  void add_block(LiveRun& run, const IterationBlock& block, InputsPointer inputs);
  /// An iteration leaves kBlocked.
  void begin_iteration(LiveRun& run, TaskIndex task);
  /// Ends the iterations of a block that are on no worker.
  void abandon_block(LiveRun& run, std::uint32_t block, TaskState state, Timestamp at);

  // ---- Streams; stream_writer.cc. Each does nothing for a row of another mode.

  /// The holder's process gets the other rows too.
  void begin_stream(LiveRun& run, TaskIndex holder, const std::vector<TaskRange>& others);
  /// The other rows have begun when the holder has.
  void start_stream(LiveRun& run, TaskIndex holder);
  void report_stream(LiveRun& run, const StreamReported& event);
  /// The holder's attempt is on no worker any more; its row, like the others, is left kStreaming.
  void end_stream(LiveRun& run, const StreamEnded& event);
  /// The other rows are nobody's.
  void forget_stream(LiveRun& run, TaskIndex holder);
  void return_iterations(LiveRun& run, const IterationsReturned& event);

  /// Moves the run between queue, running set and neither, after its state.
  void place_in_job(const LiveRun& run);
  void refresh_startable(JobId job);

 private:
  void index_graph(LiveRun& run);
  void index_rows(LiveRun& run);
  void index_block(LiveRun& run, std::uint32_t block);
  void index_streams(LiveRun& run, std::uint32_t block);
  void finish_iteration(LiveRun& run, TaskIndex task, TaskState before);
  void pass_begun(LiveRun& run, std::uint32_t block);
  void list_blocks(const LiveRun& run);

  State& state_;
};

}  // namespace sheaf::core
