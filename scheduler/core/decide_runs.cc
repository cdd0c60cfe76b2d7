#include <algorithm>
#include <set>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// Deadlines judged in one step; the engine asks again for the rest.
constexpr std::size_t kMaxDeadlinesPerStep = 10'000;

const JobActivity& activity_of(const State& state, JobId job) {
  static const JobActivity kIdle;
  const auto found = state.jobs.find(job);
  return found == state.jobs.end() ? kIdle : found->second;
}

NamedStrings merged_parameters(const model::JobSettings& settings, const NamedStrings& overrides) {
  NamedStrings merged;
  for (const model::ParameterSettings& parameter : settings.parameters) {
    merged.emplace_back(parameter.name, parameter.default_value);
  }
  for (const auto& [name, value] : overrides) {
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

/// Why a new run of facts.job is skipped; empty: it is not. Runs that were queued by earlier
/// commands of the same batch count against the places, since Settle will start them first.
std::string find_skip_reason(const Draft& draft, const model::JobSettings& settings) {
  if (settings.max_concurrent_runs == 0) {
    return "Skipped: the job allows no runs (max_concurrent_runs is 0).";
  }
  const JobActivity& activity = activity_of(draft.state, draft.facts.job->id);
  const auto ahead = static_cast<std::int64_t>(activity.running.size() + activity.queued.size());
  if (settings.queue_enabled || ahead < settings.max_concurrent_runs) {
    return {};
  }
  return "Skipped: the job already has " + std::to_string(settings.max_concurrent_runs) +
         " concurrent runs and its queue is off.";
}

/// Events of a new run of facts.job, queued; Settle starts it where there is a place.
RunId create_run(Draft& draft,
                 NamedStrings overrides,
                 TriggerRecord trigger,
                 std::string idempotency_token) {
  const JobRecord& job = *draft.facts.job;
  const SettingsPointer settings = draft.facts.job_settings;
  const auto task_count = static_cast<std::int64_t>(settings->tasks.size());
  const std::int64_t id = draft.draw_ids(1 + task_count);
  RunRecord run{.id = RunId{id},
                .job = job.id,
                .deployment = job.deployment,
                .name = job.name,
                .settings_digest = job.settings_digest,
                .manifest_digest = job.manifest_digest,
                .file_path = job.file_path,
                .trigger = std::move(trigger),
                .parameters = merged_parameters(*settings, overrides),
                .overrides = std::move(overrides),
                .idempotency_token = std::move(idempotency_token),
                .submitted = draft.now,
                .deadline = draft.now + limits::kMaxQueueWait,
                .first_attempt = AttemptId{id + 1},
                .task_count = static_cast<std::uint32_t>(task_count)};
  draft.record(RunSubmitted{.run = run, .settings = settings});
  if (const std::string reason = find_skip_reason(draft, *settings); !reason.empty()) {
    draft.record(RunFinished{
        .run = run.id, .state = RunState::kSkipped, .message = reason, .at = draft.now});
    alert_end(draft, run, settings->alerts, RunState::kSkipped, reason);
  }
  return run.id;
}

bool is_queue_full(const Draft& draft) {
  return activity_of(draft.state, draft.facts.job->id).queued.size() >=
         limits::kMaxQueuedRunsPerJob;
}

bool is_fresh(const ReceiptRecord& receipt, Milliseconds kept, Timestamp now) {
  return kept == Milliseconds{0} || now - receipt.at < kept;
}

/// Records the stop of an active attempt and orders it, unless a loss verdict is pending: a worker
/// that does not know an attempt cannot tell that it is gone.
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

/// Stop of everything of a run that is on a worker.
void stop_attempts(Draft& draft, const LiveRun& run, StopReason reason) {
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    const TaskState state = run.tasks.state[task];
    if (state == TaskState::kLeased || state == TaskState::kRunning) {
      stop_attempt(draft, run, task, reason);
    }
  }
}

void run_deadline_passed(Draft& draft, const LiveRun& run) {
  if (run.record.state == RunState::kQueued) {
    const std::string message = "Dropped: the run waited 48 hours in the queue.";
    draft.record(RunFinished{
        .run = run.record.id, .state = RunState::kSkipped, .message = message, .at = draft.now});
    alert_end(draft, run.record, run.settings->alerts, RunState::kSkipped, message);
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
      draft.record(TasksReady{.run = run.record.id, .tasks = {task}});
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

}  // namespace

Decision decide_submit(Draft draft, const SubmitRun& command) {
  if (!planted::has("core.no_receipts") && draft.facts.receipt &&
      is_fresh(*draft.facts.receipt, command.receipt_kept, draft.now)) {
    draft.step.reply = SubmitReply{.run = draft.facts.receipt->run, .repeated = true};
    return std::move(draft.step);
  }
  if (!draft.facts.job) {
    return reject(ErrorCode::kNotFound, "Job " + to_string(command.job) + " does not exist.");
  }
  if (is_queue_full(draft)) {
    return reject(ErrorCode::kExhausted,
                  "the queue of job " + to_string(command.job) + " is full (" +
                      std::to_string(limits::kMaxQueuedRunsPerJob) + " runs wait)");
  }
  const RunId run =
      create_run(draft, command.overrides, command.trigger, command.idempotency_token);
  if (!command.receipt_key.empty()) {
    draft.record(
        ReceiptRecorded{.receipt = {.key = command.receipt_key, .run = run, .at = draft.now}});
  }
  draft.step.reply = SubmitReply{.run = run};
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
  if (is_queue_full(draft)) {
    reason = "the job's queue is full";
    skipped.push_back(command.nominal);
  } else {
    run = create_run(
        draft,
        {},
        {.kind = TriggerKind::kSchedule, .trigger = command.trigger, .nominal = command.nominal},
        {});
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

void stop_run(Draft& draft, const LiveRun& run, StopReason reason, std::string message) {
  draft.record(
      RunStopRequested{.run = run.record.id, .reason = reason, .message = std::move(message)});
  stop_attempts(draft, run, reason);
}

Decision decide_cancel(Draft draft, const CancelRun& command) {
  const LiveRun* run = draft.state.find_run(command.run);
  if (run == nullptr) {
    if (draft.facts.run_state) {
      return std::move(draft.step);
    }
    return reject(ErrorCode::kNotFound, "Run " + to_string(command.run) + " does not exist.");
  }
  const std::string message = "Run cancelled by user.";
  if (run->record.state == RunState::kQueued) {
    draft.record(RunFinished{
        .run = command.run, .state = RunState::kCancelled, .message = message, .at = draft.now});
    alert_end(draft, run->record, run->settings->alerts, RunState::kCancelled, message);
  } else if (run->record.state == RunState::kRunning) {
    stop_run(draft, *run, StopReason::kUserCancel, message);
  }
  return std::move(draft.step);
}

Decision decide_advance_time(Draft draft) {
  std::vector<TaskRef> due;
  std::set<RunId> due_runs;
  for (const Deadline& deadline : draft.state.deadlines) {
    if (deadline.at > draft.now || due.size() == kMaxDeadlinesPerStep) {
      break;
    }
    due.push_back(deadline.what);
    if (deadline.what.task == kRunItself) {
      due_runs.insert(deadline.what.run);
    }
  }
  for (const TaskRef& what : due) {
    const LiveRun* run = draft.state.find_run(what.run);
    SHEAF_CHECK(run != nullptr, "a deadline of a run that is not live");
    if (what.task == kRunItself) {
      run_deadline_passed(draft, *run);
    } else if (!due_runs.contains(what.run)) {
      // The tasks of a run that stops in this step stay due: they are judged in the next one,
      // against what this one makes of them.
      task_deadline_passed(draft, *run, what.task);
    }
  }
  return std::move(draft.step);
}

}  // namespace sheaf::core
