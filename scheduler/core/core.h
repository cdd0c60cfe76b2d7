// The deterministic machine of the scheduler. decide() judges a command against State and Facts and
// says what happens; apply() makes it so. Pure: no clock, thread, file, socket, log or random
// number; equal input gives equal output, byte for byte.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "common/base/error.h"
#include "common/base/result.h"
#include "scheduler/core/command.h"
#include "scheduler/core/effect.h"
#include "scheduler/core/event.h"
#include "scheduler/core/facts.h"
#include "scheduler/core/state.h"
#include "scheduler/placement/placement.h"

namespace sheaf::core {

struct Step {
  std::vector<Event> events;
  std::vector<Effect> effects;
  Reply reply;
};

/// Why a command was refused; nothing happened.
struct Rejection {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
};

/// Judges `command`. Never changes `state`. `batch` is the number of the batch in which the step
/// will be committed: leases take it as their fence.
[[nodiscard]] tl::expected<Step, Rejection> decide(const State& state,
                                                   const Facts& facts,
                                                   const Command& command,
                                                   Timestamp now,
                                                   std::uint64_t batch);

/// Makes `event` part of `state`. Total: never fails on an event that decide() made. The only
/// writer.
void apply(State& state, const Event& event);

/// Takes the derived work out of State, as the commands that settle it. They are decided in the
/// same batch, until none is left. Empty when there is nothing to settle.
[[nodiscard]] std::vector<Command> take_follow_ups(State& state);

/// Tasks that wait for a slot, by falling priority, then age; no more of each shape than there are
/// free slots.
[[nodiscard]] std::vector<TaskRef> ready_tasks(const State& state);

/// What workers have and what is in use, as placement sees it. Borrows from `state`.
[[nodiscard]] placement::ClusterView cluster_view(const State& state);

/// Where ready tasks may go now. Looks at no more tasks of a shape than there are free slots.
[[nodiscard]] LeaseTasks propose_leases(const State& state,
                                        placement::Policy policy = placement::Policy::kSpread);

/// Why no registered worker, idle, could hold the request; nothing when one could. A worker that
/// joins later may.
[[nodiscard]] std::optional<std::string> unmeetable(const State& state,
                                                    const model::ResourceRequest& request);

/// Why the pool lets nothing start now; nothing where it has room or no limit.
[[nodiscard]] std::optional<std::string> pool_obstacle(const State& state, const std::string& pool);

/// How the pool stands, also where it is no obstacle: its room, or that nobody has set a limit.
[[nodiscard]] std::string pool_fact(const State& state, const std::string& pool);

/// The first instant at which AdvanceTime would find something to do.
[[nodiscard]] std::optional<Timestamp> next_deadline(const State& state);

/// Whether the order may still be given: no later command of its batch has taken the lease back.
[[nodiscard]] bool is_current(const State& state, const StartAttempt& order);

/// Effects that are owed as things stand: leases not reported started, stops not reported done,
/// schedules to watch. Given to the world at start, when a worker registers (only its own), and
/// never otherwise.
[[nodiscard]] std::vector<Effect> outstanding(const State& state);
[[nodiscard]] std::vector<Effect> outstanding_for(const State& state, WorkerId worker);

/// Drops finished runs from memory. Called by the engine once their rows are encoded.
void retire_finished(State& state);

/// Everything that outlives a process, as recovery reads it.
struct StoredState {
  std::uint64_t epoch = 0;
  std::int64_t next_id = 1;
  std::vector<StoredRun> runs;  ///< Unfinished ones only, by id.
  std::vector<WorkerRecord> workers;
  std::vector<ScheduleRecord> schedules;
  std::vector<PoolRecord> pools;
  /// Of the jobs of `runs` as they stand now, without those that are gone.
  std::map<JobId, std::int64_t> max_concurrent_runs;
};

/// Rebuilds State with all of its indices.
[[nodiscard]] State restore(StoredState stored);

/// The run as stored now; restore({… stored …}) gives the same run back.
[[nodiscard]] StoredRun to_stored(const LiveRun& run);

/// Fails with kCorrupt where settings, rows or inputs are not those of the record. Inputs may be
/// left out, all of them.
[[nodiscard]] Result<void> check_stored(const StoredRun& stored);

/// The run, compiled, and its rows; without the counts and indices that follow from them. Without
/// inputs none can be asked for. REQUIRES: check_stored() passes.
[[nodiscard]] LiveRun from_stored(StoredRun stored);

/// A text of the task's settings with its references filled in; fails with the reason for which the
/// task cannot run. Public for tests.
[[nodiscard]] Result<std::string> resolve_text(const LiveRun& run,
                                               TaskIndex task,
                                               std::string_view text);

/// The attempt as a worker gets it, references resolved.
/// REQUIRES: the task has an attempt.
[[nodiscard]] Result<model::AttemptSpec> make_attempt_spec(const LiveRun& run, TaskIndex task);

/// Checks every invariant that ties columns and indices together; SHEAF_CHECKs on the first broken
/// one. O(state); for tests and the simulator.
void check_invariants(const State& state);

}  // namespace sheaf::core
