#include "common/base/check.h"
#include "common/base/planted.h"
#include "scheduler/core/attempt_history.h"
#include "scheduler/core/core.h"
#include "scheduler/core/state_writer.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

/// One overload an event. Total: what decide() made always applies.
class Applier {
 public:
  explicit Applier(State& state) : state_(state), writer_(state) {}

  void operator()(const EpochBegan& event) { state_.epoch = event.epoch; }

  void operator()(const DeploymentRecorded& event) { writer_.take_id(event.deployment.id.value); }

  void operator()(const JobRecorded& event) {
    writer_.take_id(event.job->id.value);
    const auto activity = state_.jobs.find(event.job->id);
    if (activity == state_.jobs.end()) {
      return;
    }
    activity->second.max_concurrent_runs = event.max_concurrent_runs;
    for (const RunId id : activity->second.running) {
      LiveRun& run = live(id);
      if (run.record.state == RunState::kRunning) {
        const bool is_limited = event.timeout_s > 0;
        writer_.set_run_deadline(
            run,
            is_limited ? pass_start(run.record) + std::chrono::seconds(event.timeout_s) : kNoTime);
        writer_.mark_dirty(run);
      }
    }
    writer_.refresh_startable(event.job->id);
  }

  void operator()(const JobRemoved& event) {
    const auto activity = state_.jobs.find(event.job);
    if (activity != state_.jobs.end()) {
      activity->second.max_concurrent_runs = kMaxConcurrentRunsOfGoneJobs;
      writer_.refresh_startable(event.job);
    }
  }

  void operator()(const ScheduleRecorded& event) {
    writer_.take_id(event.schedule.id.value);
    state_.schedules[event.schedule.id] = event.schedule;
  }

  void operator()(const ScheduleRemoved& event) { state_.schedules.erase(event.trigger); }

  void operator()(const FireSkipped& /*event*/) {}

  void operator()(const RunSubmitted& event) {
    writer_.take_id(event.run->first_attempt.value + event.run->task_count - 1);
    writer_.take_id(event.run->id.value);
    writer_.mark_whole(writer_.add_run(*event.run, event.settings));
  }

  void operator()(const RunStarted& event) {
    LiveRun& run = live(event.run);
    run.record.state = RunState::kRunning;
    if (run.record.repairs.empty()) {
      run.record.started = event.at;
    } else {
      run.record.repairs.back().started = event.at;
      run.record.repairs.back().state = RunState::kRunning;
    }
    writer_.set_run_deadline(run, event.deadline);
    writer_.place_in_job(run);
    writer_.list_unblocked(run);
    if (run.unfinished_tasks == 0) {
      state_.unsettled.finished_runs.insert(event.run);
    }
    writer_.mark_dirty(run);
  }

  void operator()(const RunStopRequested& event) {
    LiveRun& run = live(event.run);
    run.record.state = RunState::kStopping;
    run.record.stop_reason = event.reason;
    run.record.message = event.message;
    writer_.set_run_deadline(run, kNoTime);
    writer_.list_stoppable(run);
    writer_.mark_dirty(run);
  }

  void operator()(const RunFinished& event) {
    LiveRun& run = live(event.run);
    run.record.state = event.state;
    run.record.message = event.message;
    run.record.ended = event.at;
    if (!run.record.repairs.empty()) {
      RepairRecord& pass = run.record.repairs.back();
      pass.ended = event.at;
      pass.state = event.state;
      pass.message = event.message;
    }
    writer_.set_run_deadline(run, kNoTime);
    writer_.place_in_job(run);
    writer_.tell_parent(run);
    writer_.mark_dirty(run);
    state_.retired_runs.push_back(event.run);
  }

  void operator()(const TasksReady& event) {
    LiveRun& run = live(event.run);
    for (const TaskIndex task : event.tasks) {
      leave_blocked(run, task, TaskState::kReady);
      writer_.set_deadline(run, task, kNoTime);
      state_.ready.push(shape_of(run, task), {event.run, task});
      writer_.mark_dirty(run, task);
    }
  }

  void operator()(const TasksLeased& event) {
    LiveRun& run = live(event.run);
    for (const TasksLeased::Lease& lease : event.leases) {
      run.tasks.state[lease.task] = TaskState::kLeased;
      run.tasks.worker[lease.task] = lease.worker;
      run.tasks.attempt[lease.task] = lease.attempt;
      run.tasks.fence[lease.task] = event.fence;
      run.tasks.started[lease.task] = kNoTime;
      run.tasks.stop_reason[lease.task] = StopReason::kNone;
      writer_.set_deadline(run, lease.task, kNoTime);
      if (!lease.gpus.empty()) {
        run.details[lease.task].gpus = lease.gpus;
      }
      state_.ready.take(shape_of(run, lease.task), {event.run, lease.task});
      writer_.bind_attempt(run, lease.task);
      writer_.begin_stream(run, lease.task, lease.others);
      writer_.mark_dirty(run, lease.task);
    }
    state_.ready.drop_stale_heads([this](const TaskRef& what) { return is_waiting(state_, what); });
  }

  void operator()(const TaskReturned& event) {
    LiveRun& run = live(event.run);
    writer_.release_attempt(run, event.task);
    writer_.forget_stream(run, event.task);
    run.tasks.state[event.task] = TaskState::kReady;
    run.tasks.worker[event.task] = {};
    writer_.set_deadline(run, event.task, kNoTime);
    state_.ready.push(shape_of(run, event.task), {event.run, event.task});
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const AttemptStarted& event) {
    LiveRun& run = live(event.run);
    const bool is_stopping = run.tasks.state[event.task] == TaskState::kStopping;
    if (!is_stopping) {
      run.tasks.state[event.task] = TaskState::kRunning;
    }
    writer_.set_deadline(run, event.task, is_stopping ? kNoTime : event.deadline);
    run.tasks.started[event.task] = event.at;
    writer_.mark_dirty(run, event.task);
    writer_.start_stream(run, event.task);
  }

  void operator()(const ValuesStaged& event) {
    LiveRun& run = live(event.run);
    std::vector<TaskValue>& staged = run.details[event.task].staged;
    run.value_count -= static_cast<std::uint32_t>(staged.size());
    staged = event.values;
    run.value_count += static_cast<std::uint32_t>(staged.size());
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const AttemptFinished& event) {
    LiveRun& run = live(event.run);
    if (const auto found = run.details.find(event.task); found != run.details.end()) {
      take_values(run, found->second, event.attempt.state);
    }
    if (is_plain_success(event.attempt)) {
      keep_in_row(run.tasks, event.task, event.attempt.outcome);
    } else {
      run.details[event.task].attempts.push_back(event.attempt);
    }
    writer_.release_attempt(run, event.task);
    writer_.set_deadline(run, event.task, kNoTime);
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const RetryScheduled& event) {
    LiveRun& run = live(event.run);
    writer_.take_id(event.attempt.value);
    run.tasks.state[event.task] = TaskState::kWaitingRetry;
    run.tasks.attempt[event.task] = event.attempt;
    run.tasks.worker[event.task] = {};
    run.tasks.started[event.task] = kNoTime;
    run.tasks.attempt_number[event.task] += planted::has("core.retry_counted_twice") ? 2 : 1;
    if (event.was_lost) {
      ++run.tasks.lost_attempts[event.task];
    }
    writer_.set_deadline(run, event.task, event.at);
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const AttemptStopRequested& event) {
    LiveRun& run = live(event.run);
    if (!is_loss_expected(run, event.task)) {
      writer_.set_deadline(run, event.task, kNoTime);
    }
    run.tasks.state[event.task] = TaskState::kStopping;
    run.tasks.stop_reason[event.task] = event.reason;
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const LossExpected& event) {
    LiveRun& run = live(event.run);
    if (run.tasks.state[event.task] == TaskState::kRunning) {
      run.tasks.state[event.task] = TaskState::kLeased;
    }
    writer_.set_deadline(run, event.task, event.at);
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const TaskFinished& event) {
    LiveRun& run = live(event.run);
    const TaskState before = run.tasks.state[event.task];
    const bool was_ready = run.tasks.state[event.task] == TaskState::kReady;
    run.tasks.state[event.task] = event.state;
    if (was_ready) {
      state_.ready.note_stale([this](const TaskRef& what) { return is_waiting(state_, what); });
    }
    run.tasks.outcome[event.task] = event.outcome;
    run.tasks.ended[event.task] = event.at;
    writer_.set_deadline(run, event.task, kNoTime);
    if (!event.message.empty()) {
      run.details[event.task].message = event.message;
    }
    writer_.finish_task(run, event.task, before);
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const OutcomeIgnored& /*event*/) {}

  void operator()(const WorkerRecorded& event) {
    writer_.take_id(event.worker.id.value);
    LiveWorker& worker = state_.workers[event.worker.id];
    worker.record = event.worker;
    const auto& environments = event.worker.cached_environments;
    worker.environments.assign(environments.rbegin(), environments.rend());
    state_.workers_by_name[event.worker.name] = event.worker.id;
  }

  void operator()(const WorkerSuspected& event) {
    state_.workers[event.worker].suspect = event.suspect;
  }

  void operator()(const AlertRecorded& event) { writer_.take_id(event.alert.id.value); }

  void operator()(const ReceiptRecorded& /*event*/) {}

  void operator()(const HookSecretRecorded& /*event*/) {}

  void operator()(const DeploymentRemoved& /*event*/) {}

  void operator()(const TaskDelegated& event) {
    LiveRun& run = live(event.run);
    leave_blocked(run, event.task, TaskState::kDelegated);
    run.tasks.started[event.task] = event.at;
    run.tasks.stop_reason[event.task] = StopReason::kNone;
    writer_.set_deadline(run, event.task, event.deadline);
    if (const auto block = run.find_block(event.task)) {
      state_.unsettled.blocks.insert({event.run, *block});
    } else {
      run.details[event.task].child = {};
      state_.unsettled.wanting_facts.insert({event.run, event.task});
    }
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const IterationsPlanned& event) {
    LiveRun& run = live(event.run);
    writer_.take_id(event.block.first_attempt.value + event.block.count - 1);
    writer_.add_block(run, event.block, event.inputs);
    writer_.mark_dirty(run);
  }

  void operator()(const ChildRunStarted& event) {
    LiveRun& run = live(event.run);
    run.details[event.task].child = event.child;
    state_.unsettled.wanting_facts.erase({event.run, event.task});
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const DelegationStopRequested& event) {
    LiveRun& run = live(event.run);
    run.tasks.stop_reason[event.task] = event.reason;
    writer_.set_deadline(run, event.task, kNoTime);
    if (const auto block = run.find_block(event.task)) {
      state_.unsettled.blocks.insert({event.run, *block});
    }
    writer_.mark_dirty(run, event.task);
  }

  void operator()(const IterationsAbandoned& event) {
    LiveRun& run = live(event.run);
    writer_.abandon_block(run, event.block, event.state, event.at);
    writer_.mark_dirty(run);
  }

  void operator()(const RunRepaired& event) {
    for (const TaskRow& row : event.rows) {
      writer_.take_id(row.attempt.value);
    }
    writer_.take_id(event.run->repairs.back().id);
    std::vector<InputsPointer> inputs = event.inputs;
    inputs.resize(event.run->blocks.size());  // A replay has none.
    state_.ready.forget(event.run->id);
    LiveRun& run = writer_.add_stored({.record = *event.run,
                                       .settings = event.settings,
                                       .rows = event.rows,
                                       .details = event.details,
                                       .inputs = std::move(inputs)});
    run.stored_blocks = 0;
    writer_.mark_whole(run);
  }

  void operator()(const StreamReported& e) { writer_.report_stream(live(e.run), e); }
  void operator()(const StreamEnded& e) { writer_.end_stream(live(e.run), e); }
  void operator()(const IterationsReturned& e) { writer_.return_iterations(live(e.run), e); }

  void operator()(const RunDeleted& /*event*/) {}

  void operator()(const SettingsRecorded& /*event*/) {}

  void operator()(const PoolRecorded& event) { state_.pools[event.pool.name] = event.pool; }

  void operator()(const PoolRemoved& event) { state_.pools.erase(event.name); }

  void operator()(const TaskWarned& event) {
    LiveRun& run = live(event.run);
    run.details[event.task].warnings.push_back(event.warning);
    writer_.mark_dirty(run, event.task);
  }

 private:
  LiveRun& live(RunId id) {
    LiveRun* run = state_.find_run(id);
    SHEAF_CHECK(run != nullptr, "an event names a run that is not live");
    return *run;
  }

  /// What the attempt published becomes the task's with its success, and is forgotten without.
  static void take_values(LiveRun& run, TaskDetails& details, TaskState state) {
    if (state == TaskState::kSucceeded || planted::has("core.values_before_success")) {
      details.values = std::move(details.staged);
    } else {
      run.value_count -= static_cast<std::uint32_t>(details.staged.size());
    }
    details.staged.clear();
  }

  static void keep_in_row(TaskColumns& rows, TaskIndex task, const model::AttemptOutcome& outcome) {
    if (outcome.started != kNoTime) {
      rows.started[task] = outcome.started;
    }
    rows.stdout_bytes[task] = static_cast<std::uint32_t>(outcome.stdout_bytes);
    rows.stderr_bytes[task] = static_cast<std::uint32_t>(outcome.stderr_bytes);
  }

  void leave_blocked(LiveRun& run, TaskIndex task, TaskState state) {
    const TaskState before = std::exchange(run.tasks.state[task], state);
    if (before == TaskState::kBlocked && run.is_iteration(task)) {
      writer_.begin_iteration(run, task);
    }
  }

  State& state_;
  StateWriter writer_;
};

}  // namespace

void apply(State& state, const Event& event) {
  std::visit(Applier(state), event);
}

std::uint32_t repair_count(const RunRecord& run) {
  return run.repairs.empty() ? 0 : static_cast<std::uint32_t>(run.repairs.size() - 1);
}

Timestamp pass_start(const RunRecord& run) {
  return run.repairs.empty() ? run.started : run.repairs.back().started;
}

void retire_finished(State& state) {
  for (const RunId run : state.retired_runs) {
    state.runs.erase(run);
  }
  state.retired_runs.clear();
}

}  // namespace sheaf::core
