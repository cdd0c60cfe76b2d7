#include <algorithm>
#include <set>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/selection.h"

namespace sheaf::core {
namespace {

/// Deadlines judged in one step; the engine asks again for the rest.
constexpr std::size_t kMaxDeadlinesPerStep = 10'000;

const JobActivity& activity_of(const State& state, JobId job) {
  static const JobActivity kIdle;
  const auto found = state.jobs.find(job);
  return found == state.jobs.end() ? kIdle : found->second;
}

/// Why a new run of the job is skipped; empty: it is not. Runs that were queued by earlier
/// commands of the same batch count against the places, since Settle will start them first.
std::string find_skip_reason(const Draft& draft,
                             JobId job,
                             const model::JobSettings& settings,
                             std::optional<bool> queue_enabled) {
  if (settings.max_concurrent_runs == 0) {
    return "Skipped: the job allows no runs (max_concurrent_runs is 0).";
  }
  const JobActivity& activity = activity_of(draft.state, job);
  const auto ahead = static_cast<std::int64_t>(activity.running.size() + activity.queued.size());
  if (queue_enabled.value_or(settings.queue_enabled) || ahead < settings.max_concurrent_runs) {
    return {};
  }
  return "Skipped: the job already has " + std::to_string(settings.max_concurrent_runs) +
         " concurrent runs and its queue is off.";
}

bool is_fresh(const ReceiptRecord& receipt, Milliseconds kept, Timestamp now) {
  return kept == Milliseconds{0} || now - receipt.at < kept;
}

/// Stop of everything of a run that is on a worker.
void stop_attempts(Draft& draft, const LiveRun& run, StopReason reason) {
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    const TaskState state = run.tasks.state[task];
    if (state == TaskState::kLeased || state == TaskState::kRunning) {
      stop_attempt(draft, run, task, reason);
    } else if (state == TaskState::kDelegated && !run.find_block(task)) {
      stop_delegates(draft, run, task, reason);  // Its iterations are rows of this loop.
    }
  }
}

void run_deadline_passed(Draft& draft, const LiveRun& run) {
  if (run.record.state == RunState::kQueued) {
    end_queued_run(
        draft, run, RunState::kSkipped, "Dropped: the run waited 48 hours in the queue.");
    return;
  }
  stop_run(draft,
           run,
           StopReason::kTimeout,
           "Timed out after " + std::to_string(run.settings->timeout.count()) + " s.");
}

void task_deadline_passed(Draft& draft, const LiveRun& run, TaskIndex task) {
  switch (run.tasks.state[task]) {
    case TaskState::kWaitingRetry:
      if (std::holds_alternative<model::RunJobTask>(run.task_settings(task).action)) {
        delegate_task(draft, run, task);
      } else if (is_stream(run, task)) {
        draft.record(
            IterationsReturned{.run = run.record.id, .rows = {{.first = task, .count = 1}}});
      } else {
        draft.record(TasksReady{.run = run.record.id, .tasks = {task}});
      }
      return;
    case TaskState::kDelegated:
      draft.record(DelegationStopRequested{
          .run = run.record.id, .task = task, .reason = StopReason::kTimeout});
      stop_delegates(draft, run, task, StopReason::kTimeout);
      return;
    case TaskState::kRunning:
      stop_attempt(draft, run, task, StopReason::kTimeout);
      return;
    case TaskState::kLeased:
    case TaskState::kStopping:
      finish_attempt(draft,
                     run,
                     task,
                     {.end = AttemptEnd::kLost,
                      .message = "lost: its worker does not know it and its lease is over",
                      .started = run.tasks.started[task],
                      .ended = draft.now});
      return;
    case TaskState::kBlocked:
    case TaskState::kReady:
    case TaskState::kStreaming:
    case TaskState::kSucceeded:
    case TaskState::kFailed:
    case TaskState::kTimedOut:
    case TaskState::kCancelled:
    case TaskState::kExcluded:
    case TaskState::kUpstreamFailed:
    case TaskState::kUpstreamCancelled:
    case TaskState::kDisabled:
    case TaskState::kInternalError:
      break;
  }
  check_failed(__FILE__, __LINE__, "has_deadline", "a deadline on a task that can have none");
}

/// A repeat is answered with the run that the first request started.
Decision answer_repeat(Draft draft) {
  if (!draft.facts.receipt_run_exists) {
    return reject(
        ErrorCode::kConflict,
        "this request started run " + to_string(draft.facts.receipt->run) + ", which was deleted");
  }
  draft.step.reply = SubmitReply{.run = draft.facts.receipt->run, .repeated = true};
  return std::move(draft.step);
}

void record_receipt(Draft& draft, const std::string& key, RunId run) {
  if (!key.empty()) {
    draft.record(ReceiptRecorded{.receipt = {.key = key, .run = run, .at = draft.now}});
  }
  draft.step.reply = SubmitReply{.run = run};
}

}  // namespace

NamedStrings merged_parameters(const model::JobSettings& settings, const NamedStrings& overrides) {
  NamedStrings merged;
  for (const model::ParameterSettings& parameter : settings.parameters) {
    merged.emplace_back(parameter.name, parameter.default_value);
  }
  for (const auto& [name, value] : overrides) {
    if (name.find('/') != std::string::npos) {
      continue;  // Of an old form: for tasks of one kind only.
    }
    const auto found =
        std::ranges::find(merged, name, [](const auto& entry) { return entry.first; });
    if (found != merged.end()) {
      found->second = value;
    } else {
      merged.emplace_back(name, value);
    }
  }
  return merged;
}

void stop_attempt(Draft& draft, const LiveRun& run, TaskIndex task, StopReason reason) {
  draft.record(AttemptStopRequested{.run = run.record.id, .task = task, .reason = reason});
  if (planted::has("core.cancelled_without_proof")) {
    finish_attempt(draft, run, task, {.end = AttemptEnd::kCancelled, .tree_empty = true});
    return;
  }
  if (!is_loss_expected(run, task)) {
    draft.order(StopAttempt{.worker = run.tasks.worker[task],
                            .attempt = run.tasks.attempt[task],
                            .fence = run.tasks.fence[task],
                            .reason = reason});
  }
}

RunId create_run(Draft& draft, const JobRecord& job, const SettingsPointer& settings, NewRun made) {
  const auto task_count = static_cast<std::int64_t>(settings->tasks.size());
  const std::int64_t id = draft.draw_ids(1 + task_count);
  RunRecord run{.id = RunId{id},
                .job = job.id,
                .deployment = job.deployment,
                .name = job.name,
                .settings_digest = job.settings_digest,
                .manifest_digest = job.manifest_digest,
                .file_path = job.file_path,
                .trigger = std::move(made.trigger),
                .parameters = merged_parameters(*settings, made.overrides),
                .overrides = std::move(made.overrides),
                .idempotency_token = std::move(made.idempotency_token),
                .submitted = draft.now,
                .deadline = draft.now + limits::kMaxQueueWait,
                .first_attempt = AttemptId{id + 1},
                .submitted_size = static_cast<std::uint32_t>(task_count),
                .graph_size = static_cast<std::uint32_t>(task_count),
                .task_count = static_cast<std::uint32_t>(task_count),
                .type = made.type,
                .depth = made.depth,
                .links = job.links,
                .only = std::move(made.only),
                .python_parameters = std::move(made.python_parameters)};
  draft.record(RunSubmitted{.run = run, .settings = settings});
  if (const std::string reason = find_skip_reason(draft, job.id, *settings, made.queue_enabled);
      !reason.empty()) {
    draft.record(RunFinished{
        .run = run.id, .state = RunState::kSkipped, .message = reason, .at = draft.now});
    alert_end(draft, run, settings->alerts, RunState::kSkipped, reason);
  }
  return run.id;
}

bool is_queue_full(const Draft& draft, JobId job) {
  return activity_of(draft.state, job).queued.size() >= limits::kMaxQueuedRunsPerJob;
}

Decision decide_submit(Draft draft, const SubmitRun& command) {
  if (!planted::has("core.no_receipts") && draft.facts.receipt &&
      is_fresh(*draft.facts.receipt, command.receipt_kept, draft.now)) {
    return answer_repeat(std::move(draft));
  }
  if (!draft.facts.job) {
    return reject(ErrorCode::kNotFound, "Job " + to_string(command.job) + " does not exist.");
  }
  if (is_queue_full(draft, command.job)) {
    return reject(ErrorCode::kExhausted,
                  "the queue of job " + to_string(command.job) + " is full (" +
                      std::to_string(limits::kMaxQueuedRunsPerJob) + " runs wait)");
  }
  if (const auto fault = find_selection_fault(*draft.facts.job_settings, command.only)) {
    return reject(ErrorCode::kInvalid, "only: " + *fault);
  }
  const RunId run = create_run(draft,
                               *draft.facts.job,
                               draft.facts.job_settings,
                               {.overrides = command.overrides,
                                .trigger = command.trigger,
                                .idempotency_token = command.idempotency_token,
                                .only = command.only,
                                .python_parameters = command.python_parameters,
                                .queue_enabled = command.queue_enabled});
  record_receipt(draft, command.receipt_key, run);
  return std::move(draft.step);
}

Decision decide_submit_once(Draft draft, const SubmitOnce& command) {
  if (draft.facts.receipt) {
    return answer_repeat(std::move(draft));
  }
  if (draft.state.runs.size() >= limits::kMaxLiveRuns) {
    return reject(ErrorCode::kExhausted, "too many runs are under way; try again later");
  }
  const JobRecord job{.id = JobId{draft.draw_ids()},
                      .name = command.settings->name,
                      .settings_digest = command.settings_digest};
  draft.record(SettingsRecorded{.digest = command.settings_digest, .json = command.settings_json});
  const RunId run = create_run(draft,
                               job,
                               command.settings,
                               {.type = RunType::kSubmitted,
                                .trigger = command.trigger,
                                .idempotency_token = command.idempotency_token});
  record_receipt(draft, command.receipt_key, run);
  return std::move(draft.step);
}

Decision decide_arm(Draft draft, const ArmTrigger& command) {
  const auto found = draft.state.schedules.find(command.trigger);
  if (found == draft.state.schedules.end()) {
    return reject(ErrorCode::kNotFound, "there is no such schedule any more");
  }
  if (found->second.next != command.next) {
    ScheduleRecord schedule = found->second;
    schedule.next = command.next;
    draft.record(ScheduleRecorded{.schedule = schedule});
  }
  return std::move(draft.step);
}

Decision decide_fire(Draft draft, const FireTrigger& command) {
  const auto found = draft.state.schedules.find(command.trigger);
  if (found == draft.state.schedules.end() || found->second.job != command.job ||
      !draft.facts.job) {
    return reject(ErrorCode::kNotFound, "there is no such schedule any more");
  }
  ScheduleRecord schedule = found->second;
  if (schedule.settings.paused) {
    return reject(ErrorCode::kConflict, "the schedule is paused");
  }
  if (command.nominal <= schedule.settled) {
    return reject(ErrorCode::kConflict, "this nominal time is settled");
  }
  RunId run;
  std::string reason = "missed while nothing could start; the latest missed time started a run";
  std::vector<Timestamp> skipped = command.skipped;
  if (is_queue_full(draft, command.job)) {
    reason = "the job's queue is full";
    skipped.push_back(command.nominal);
  } else {
    run = create_run(draft,
                     *draft.facts.job,
                     draft.facts.job_settings,
                     {.trigger = {.kind = TriggerKind::kSchedule,
                                  .trigger = command.trigger,
                                  .nominal = command.nominal}});
  }
  for (const Timestamp nominal : skipped) {
    draft.record(FireSkipped{.fire = {.trigger = command.trigger,
                                      .job = schedule.job,
                                      .nominal = nominal,
                                      .reason = reason,
                                      .covered_by = run}});
  }
  if (!planted::has("core.double_fire")) {
    schedule.settled = command.nominal;
  }
  schedule.next = command.following;
  draft.record(ScheduleRecorded{.schedule = schedule});
  draft.step.reply = SubmitReply{.run = run};
  return std::move(draft.step);
}

void end_queued_run(Draft& draft, const LiveRun& run, RunState state, const std::string& message) {
  if (!draft.ended.insert(run.record.id).second) {
    return;
  }
  draft.record(
      RunFinished{.run = run.record.id, .state = state, .message = message, .at = draft.now});
  alert_end(draft, run.record, run.settings->alerts, state, message);
}

void stop_run(Draft& draft, const LiveRun& run, StopReason reason, std::string message) {
  if (!draft.ended.insert(run.record.id).second) {
    return;
  }
  draft.record(
      RunStopRequested{.run = run.record.id, .reason = reason, .message = std::move(message)});
  stop_attempts(draft, run, reason);
}

/// Whether the deadline may stop other runs than its own: through run-job tasks.
bool reaches_other_runs(const State& state, const TaskRef& what) {
  const LiveRun* run = state.find_run(what.run);
  SHEAF_CHECK(run != nullptr, "a deadline of a run that is not live");
  return what.task == kRunItself || run->tasks.state[what.task] == TaskState::kDelegated;
}

Decision decide_advance_time(Draft draft) {
  std::vector<TaskRef> due;
  for (const Deadline& deadline : draft.state.deadlines) {
    if (deadline.at > draft.now || due.size() == kMaxDeadlinesPerStep) {
      break;
    }
    // Judged alone: what it stops must not be judged by what State shows before that.
    const bool is_alone = reaches_other_runs(draft.state, deadline.what);
    if (is_alone && !due.empty()) {
      break;
    }
    due.push_back(deadline.what);
    if (is_alone) {
      break;
    }
  }
  for (const TaskRef& what : due) {
    const LiveRun& run = *draft.state.find_run(what.run);
    if (what.task == kRunItself) {
      run_deadline_passed(draft, run);
    } else {
      task_deadline_passed(draft, run, what.task);
    }
  }
  return std::move(draft.step);
}

}  // namespace sheaf::core
