// What the events made of a run and its tasks, kept apart from the core's own State.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/core/facts.h"

namespace sheaf::sim {

/// A run that a run-job task started.
struct ChildFact {
  RunId run;
  std::optional<model::RunState> end;  ///< Its first; a repair changes nothing for the task.
};

struct TaskFact {
  model::TaskState state = model::TaskState::kBlocked;
  std::uint8_t outcome = 0;
  /// The lease under which an attempt is on a worker; an invalid id: none is.
  AttemptId attempt;
  std::uint64_t fence = 0;
  WorkerId worker;
  bool is_loss_expected = false;
  bool is_ready = false;  ///< Waits for a place on a worker.
  /// Its iterations or its run are under way.
  bool is_delegated = false;
  /// An iteration has taken its place among those that run at once.
  bool has_begun = false;
  /// Of an iteration of a stream: the process that works on it and has told no outcome; an invalid
  /// id: none does. That of the attempt that it holds, if it holds one and is open itself.
  AttemptId stream;
  bool is_resting = false;  ///< Between two attempts.
  model::StopReason stop_reason = model::StopReason::kNone;
  /// How often it was delegated in this pass, and the runs that it started, oldest first.
  std::size_t delegations = 0;
  std::vector<ChildFact> children;
};

struct RunFact {
  core::RunRecord record;  ///< As submitted, or as the last repair made it.
  core::SettingsPointer settings;
  std::vector<TaskFact> tasks;  ///< Those of the graph, then the iterations.
  std::vector<core::IterationBlock> blocks;
  /// Elements of each block, read from the settings.
  std::vector<std::vector<std::string>> elements;
  /// The texts by which each block was planned.
  std::vector<std::string> inputs;
  Timestamp queued = kNoTime;  ///< Since when it, or its last repair, waits or waited.
  bool is_over = false;
  bool is_stopping = false;
  bool is_deleted = false;
  model::RunState state = model::RunState::kQueued;
  /// Rows that the last repair did not run again.
  std::set<core::TaskIndex> kept;
  /// Tasks whose cancel somebody asked for.
  std::set<core::TaskIndex> cancels;
  /// As it stood when it was over.
  std::optional<core::StoredRun> finished;

  [[nodiscard]] bool is_iteration(core::TaskIndex task) const {
    return task >= settings->tasks.size();
  }
  /// The number of the block that an iteration belongs to.
  [[nodiscard]] std::size_t block_of(core::TaskIndex task) const;
  /// The block of a for-each task; nullopt while it has none.
  [[nodiscard]] std::optional<std::size_t> find_block(core::TaskIndex parent) const;
  /// What the row executes.
  [[nodiscard]] const model::TaskSettings& settings_of(core::TaskIndex task) const;
  [[nodiscard]] core::TaskIndex index_of(const std::string& task_key) const;
  /// Whether the row is an iteration of a for-each task in mode stream.
  [[nodiscard]] bool is_stream(core::TaskIndex task) const;
  /// Nothing more of the task is to start.
  [[nodiscard]] bool is_stopped(core::TaskIndex task) const;
};

using RunFacts = std::map<RunId, RunFact>;

}  // namespace sheaf::sim
