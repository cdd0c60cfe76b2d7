// State: live runs, workers, armed schedules and counters — what the scheduler must have in memory
// to decide the next step. Only apply() writes it. History is never here.
//
// Tasks are a structure of arrays, one entry a task and column; strings exist only for tasks that
// have any (TaskDetails). Indices (deadlines, ready queue, unsettled work, attempts by id) are
// derived: they are rebuilt from the rows at start and are never stored. Threads: owned by the core
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "scheduler/core/command.h"
#include "scheduler/core/iteration_inputs.h"
#include "scheduler/core/job_graph.h"
#include "scheduler/core/ready_queue.h"
#include "scheduler/core/records.h"
#include "scheduler/core/task_kinds.h"

namespace sheaf::core {

/// Tasks a stored page.
inline constexpr std::uint32_t kTasksPerPage = 128;

/// Columns of a run's tasks; every vector has one entry a task.
struct TaskColumns {
  std::vector<TaskState> state;
  std::vector<std::uint8_t> outcome;
  std::vector<std::uint8_t> lost_attempts;
  std::vector<StopReason> stop_reason;
  std::vector<std::uint32_t> attempt_number;
  std::vector<AttemptId> attempt;
  std::vector<WorkerId> worker;
  std::vector<std::uint64_t> fence;
  std::vector<Timestamp> started;
  std::vector<Timestamp> ended;
  std::vector<Timestamp> deadline;
  std::vector<std::uint32_t> stdout_bytes;
  std::vector<std::uint32_t> stderr_bytes;

  void resize(std::uint32_t task_count);
  [[nodiscard]] TaskRow row(TaskIndex task) const;
  void set_row(TaskIndex task, const TaskRow& row);
};

/// How a task's finished dependencies count; derived from their states.
struct DependencyCounts {
  std::uint32_t open = 0;
  std::uint32_t succeeded = 0;
  std::uint32_t failed = 0;
  std::uint32_t cancelled = 0;  ///< Part of `failed`.
};

/// What the iterations of one for-each task are up to; derived from their rows, but for the inputs.
struct LiveBlock {
  InputsPointer inputs;
  /// Every iteration before this one has been started (0 … count).
  std::uint32_t next = 0;
  /// Begun and not finished; of a stream: those that hold an attempt, or wait for a slot to.
  std::uint32_t active = 0;
  std::uint32_t unfinished = 0;
  std::uint32_t failed = 0;
  bool is_abandoned = false;  ///< Nothing more of it will start.

  // Of mode stream.
  bool is_stream = false;
  /// Iterations before `next` that wait again (0 … next-1).
  std::set<std::uint32_t> returned;
  /// By the row that holds an attempt: the others of its process, as they were leased. Those that
  /// are not over are kStreaming with the same attempt.
  std::map<TaskIndex, std::vector<TaskRange>> streams;
};

struct LiveRun {
  RunRecord record;
  SettingsPointer settings;
  TaskColumns tasks;
  std::map<TaskIndex, TaskDetails> details;
  /// One for each of record.blocks.
  std::vector<LiveBlock> blocks;
  /// Blocks before this one have their inputs in the store.
  std::uint32_t stored_blocks = 0;

  // Derived from settings and record, by compile().
  JobGraph graph;
  TaskKinds kinds;
  /// Tasks that `record.only` left out; empty: none.
  std::vector<bool> unselected;

  // Derived from the rows.
  std::vector<DependencyCounts> dependencies;  ///< Of the graph's tasks.
  std::uint32_t unfinished_tasks = 0;          ///< Of the graph's tasks.
  std::uint32_t value_count = 0;               ///< Recorded and staged.
  std::vector<bool> dirty_pages;
  bool is_dirty = false;

  /// REQUIRES: record and settings are set, and the settings are those that the record names.
  void compile();

  [[nodiscard]] bool is_iteration(TaskIndex task) const { return task >= record.graph_size; }
  [[nodiscard]] bool is_selected(TaskIndex task) const {
    return unselected.empty() || !unselected[task];
  }
  /// The block that an iteration belongs to. REQUIRES: is_iteration(task).
  [[nodiscard]] std::uint32_t block_of(TaskIndex task) const;
  /// The block of a for-each task; nullopt while it has none.
  [[nodiscard]] std::optional<std::uint32_t> find_block(TaskIndex parent) const;
  /// What the row executes: a task of the job, or what is inside a for-each task.
  [[nodiscard]] const model::TaskSettings& task_settings(TaskIndex task) const;
  [[nodiscard]] const TaskKind& kind_of(TaskIndex task) const;
  /// The JSON text of an iteration's input. REQUIRES: is_iteration(task).
  [[nodiscard]] std::string_view input_of(TaskIndex task) const;
};

struct LiveWorker {
  WorkerRecord record;
  bool suspect = false;
  /// Active attempts placed here; its size is the number of slots in use.
  std::set<AttemptId> attempts;

  // Derived: what those attempts asked for, and were given.
  std::int64_t cpu_millis = 0;
  std::int64_t memory_bytes = 0;
  std::set<std::uint32_t> gpus;
  /// Environments that it has, as it said or by what was placed there; a hint, the newest last.
  std::vector<std::uint64_t> environments;
};

/// What a job that was removed still has in its queue runs one by one.
inline constexpr std::int64_t kMaxConcurrentRunsOfGoneJobs = 1;

/// A job with live runs.
struct JobActivity {
  std::int64_t max_concurrent_runs = 1;
  std::set<RunId> running;
  std::deque<RunId> queued;
};

/// Marks a deadline of the run itself, not of a task.
inline constexpr TaskIndex kRunItself = UINT32_MAX;

struct Deadline {
  Timestamp at;
  TaskRef what;
  friend auto operator<=>(const Deadline&, const Deadline&) = default;
};

struct State {
  std::uint64_t epoch = 0;
  /// The next public id; all ids below are taken.
  std::int64_t next_id = 1;
  std::map<RunId, std::unique_ptr<LiveRun>> runs;
  std::map<WorkerId, LiveWorker> workers;
  std::map<TriggerId, ScheduleRecord> schedules;
  std::map<std::string, PoolRecord> pools;

  // Derived.
  std::map<std::string, WorkerId> workers_by_name;
  std::map<JobId, JobActivity> jobs;
  std::unordered_map<AttemptId, TaskRef> attempts;  ///< Active ones; looked up, never iterated.
  std::map<std::string, std::uint32_t> pool_usage;  ///< Active attempts, where there are any.
  ReadyQueue ready;
  std::set<Deadline> deadlines;
  Unsettled unsettled;
  std::vector<RunId> dirty_runs;
  std::vector<RunId> retired_runs;  ///< Finished; removed by retire_finished() once encoded.

  [[nodiscard]] LiveRun* find_run(RunId run);
  [[nodiscard]] const LiveRun* find_run(RunId run) const;
};

}  // namespace sheaf::core
