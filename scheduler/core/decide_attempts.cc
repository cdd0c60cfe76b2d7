#include <algorithm>
#include <map>
#include <set>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// How long after an attempt's own timeout the scheduler orders its stop itself.
constexpr std::chrono::seconds kTimeoutBackstop{30};

/// The task that holds the attempt under exactly this lease, or nullopt when the report is late or
/// foreign.
template <typename Report>
std::optional<TaskRef> find_lease(const State& state, const Report& report) {
  const auto found = state.attempts.find(report.attempt);
  if (found == state.attempts.end()) {
    return std::nullopt;
  }
  const LiveRun* run = state.find_run(found->second.run);
  const TaskIndex task = found->second.task;
  const bool is_current =
      run != nullptr &&
      (planted::has("core.no_fence_check") ||
       (run->tasks.worker[task] == report.worker && run->tasks.fence[task] == report.fence));
  return is_current ? std::optional(found->second) : std::nullopt;
}

TaskState task_state_after(const model::AttemptOutcome& outcome, StopReason stop_reason) {
  switch (outcome.end) {
    case AttemptEnd::kExited:
      return outcome.exit_code == 0 ? TaskState::kSucceeded : TaskState::kFailed;
    case AttemptEnd::kSignalled:
      return TaskState::kFailed;
    case AttemptEnd::kTimedOut:
      return TaskState::kTimedOut;
    case AttemptEnd::kCancelled:
      return stop_reason == StopReason::kTimeout ? TaskState::kTimedOut : TaskState::kCancelled;
    case AttemptEnd::kNotStarted:
    case AttemptEnd::kLost:
      return TaskState::kInternalError;
  }
  check_failed(__FILE__, __LINE__, "end", "not an AttemptEnd");
}

bool may_retry(const LiveRun& run, TaskIndex task, TaskState state) {
  const model::TaskSettings& settings = run.task_settings(task);
  const bool is_retryable = state == TaskState::kFailed || state == TaskState::kInternalError ||
                            (state == TaskState::kTimedOut && settings.retry_on_timeout);
  const std::int64_t used =
      std::int64_t{run.tasks.attempt_number[task]} - run.tasks.lost_attempts[task];
  return is_retryable && (settings.max_retries < 0 || used < settings.max_retries);
}

std::string failure_message(const model::AttemptOutcome& outcome) {
  if (!outcome.message.empty()) {
    return outcome.message;
  }
  if (outcome.end == AttemptEnd::kExited) {
    return "Workload failed with exit status " + std::to_string(outcome.exit_code) +
           ", see run output for details";
  }
  if (outcome.end == AttemptEnd::kSignalled) {
    return "Workload was ended by signal " + std::to_string(outcome.signal) +
           ", see run output for details";
  }
  return std::string(to_string(outcome.end));
}

/// A lost attempt is repeated at most kMaxLostAttempts times, beside max_retries.
bool may_repeat_lost(const LiveRun& run, TaskIndex task) {
  return run.tasks.lost_attempts[task] < limits::kMaxLostAttempts &&
         run.tasks.state[task] != TaskState::kStopping;
}

void retry(Draft& draft, const LiveRun& run, TaskIndex task, bool was_lost) {
  Timestamp at = draft.now;
  if (!was_lost && run.tasks.started[task] != kNoTime) {
    // Both ends on the scheduler's clock would be better; a worker's clock that runs ahead only
    // delays.
    at = std::max(
        at,
        std::min(run.tasks.started[task], draft.now) + run.task_settings(task).min_retry_interval);
  } else if (!was_lost) {
    at += run.task_settings(task).min_retry_interval;
  }
  draft.record(RetryScheduled{.run = run.record.id,
                              .task = task,
                              .attempt = AttemptId{draft.draw_ids()},
                              .at = at,
                              .was_lost = was_lost});
}

/// Whether its worker reported the attempt started, or said that something of it may run.
bool has_begun(const LiveRun& run, TaskIndex task) {
  return run.tasks.started[task] != kNoTime || is_loss_expected(run, task);
}

/// Something of the attempt may still run where nobody can stop it: the lease decides.
void expect_loss(Draft& draft, const LiveRun& run, TaskIndex task) {
  if (!is_loss_expected(run, task)) {
    draft.record(
        LossExpected{.run = run.record.id, .task = task, .at = draft.now + limits::kWorkerLease});
  }
}

/// Events and effects of verified leases of one command, grouped by run.
void record_leases(Draft& draft, const std::map<RunId, std::vector<TasksLeased::Lease>>& leases) {
  for (const auto& [id, leased] : leases) {
    const LiveRun& run = *draft.state.find_run(id);
    for (const TasksLeased::Lease& lease : leased) {
      auto spec = build_attempt_spec(run,
                                     lease.task,
                                     {.attempt = lease.attempt,
                                      .number = run.tasks.attempt_number[lease.task],
                                      .fence = draft.batch});
      SHEAF_CHECK(spec.has_value(), "a ready task's references do not resolve");
      draft.order(StartAttempt{.worker = lease.worker, .spec = std::move(*spec)});
    }
    draft.record(TasksLeased{.run = id, .fence = draft.batch, .leases = leased});
  }
}

}  // namespace

Decision decide_lease(Draft draft, const LeaseTasks& command) {
  std::map<WorkerId, std::uint32_t> taken;
  std::set<TaskRef> chosen;
  std::map<RunId, std::vector<TasksLeased::Lease>> leases;
  for (const LeaseTasks::Lease& lease : command.leases) {
    const LiveRun* run = draft.state.find_run(lease.run);
    const auto worker = draft.state.workers.find(lease.worker);
    const bool is_ready = run != nullptr && run->record.state == RunState::kRunning &&
                          lease.task < run->record.task_count &&
                          run->tasks.state[lease.task] == TaskState::kReady;
    if (!is_ready || worker == draft.state.workers.end() || worker->second.suspect) {
      continue;
    }
    const std::size_t used = worker->second.attempts.size() + taken[lease.worker];
    const bool is_full =
        used >= worker->second.record.slots && !planted::has("core.stale_placement_accepted");
    if (is_full || !chosen.insert({lease.run, lease.task}).second) {
      continue;
    }
    ++taken[lease.worker];
    leases[lease.run].push_back(
        {.task = lease.task, .worker = lease.worker, .attempt = run->tasks.attempt[lease.task]});
  }
  record_leases(draft, leases);
  return std::move(draft.step);
}

Decision decide_rejected(Draft draft, const ReportRejected& command) {
  const auto lease = find_lease(draft.state, command);
  if (!lease) {
    return std::move(draft.step);
  }
  const LiveRun& run = *draft.state.find_run(lease->run);
  if (has_begun(run, lease->task)) {
    expect_loss(draft, run, lease->task);
  } else if (run.tasks.state[lease->task] == TaskState::kStopping) {
    finish_attempt(draft,
                   run,
                   lease->task,
                   {.end = AttemptEnd::kCancelled, .tree_empty = true, .ended = draft.now});
  } else {
    draft.record(TaskReturned{.run = lease->run, .task = lease->task});
    if (!draft.state.workers.at(command.worker).suspect) {
      // What made it refuse (a full disk, a process that will not die) stands for a while: without
      // a pause the emptiest worker would draw every task, and refuse it, as fast as they travel.
      draft.record(WorkerSuspected{.worker = command.worker});
    }
  }
  return std::move(draft.step);
}

Decision decide_started(Draft draft, const ReportStarted& command) {
  const auto lease = find_lease(draft.state, command);
  if (!lease) {
    return std::move(draft.step);
  }
  const LiveRun& run = *draft.state.find_run(lease->run);
  const TaskState state = run.tasks.state[lease->task];
  const bool is_news = state == TaskState::kLeased || run.tasks.started[lease->task] == kNoTime;
  if (!is_news) {
    return std::move(draft.step);
  }
  draft.record(AttemptStarted{.run = lease->run,
                              .task = lease->task,
                              .at = command.started,
                              .deadline = timeout_backstop(draft, run, lease->task)});
  return std::move(draft.step);
}

Decision decide_values(Draft draft, const ReportValues& command) {
  const auto lease = find_lease(draft.state, command);
  if (!lease) {
    return std::move(draft.step);
  }
  const LiveRun& run = *draft.state.find_run(lease->run);
  const auto details = run.details.find(lease->task);
  const bool is_known = details != run.details.end();
  const std::size_t others =
      run.value_count - (is_known ? details->second.staged.size() : std::size_t{0});
  if (others + command.values.size() > limits::kMaxTaskValuesPerRun) {
    return reject(
        ErrorCode::kExhausted,
        "a run has at most " + std::to_string(limits::kMaxTaskValuesPerRun) + " task values");
  }
  if (!is_known || details->second.staged != command.values) {
    draft.record(ValuesStaged{.run = lease->run, .task = lease->task, .values = command.values});
  }
  return std::move(draft.step);
}

Decision decide_result(Draft draft, const ReportResult& command) {
  const auto lease = find_lease(draft.state, command);
  if (!lease) {
    const auto known = draft.state.attempts.find(command.attempt);
    if (known != draft.state.attempts.end()) {
      draft.record(OutcomeIgnored{.run = known->second.run,
                                  .attempt = command.attempt,
                                  .reason = "reported under another lease"});
    }
    return std::move(draft.step);
  }
  const LiveRun& run = *draft.state.find_run(lease->run);
  const model::AttemptOutcome& outcome = command.outcome;
  // A worker that lost its records cancels what it does not know as never started.
  const bool is_disclaimed = outcome.end == AttemptEnd::kCancelled && outcome.started == kNoTime &&
                             has_begun(run, lease->task);
  if (is_disclaimed || (outcome.end == AttemptEnd::kLost && !outcome.tree_empty)) {
    expect_loss(draft, run, lease->task);
    return std::move(draft.step);
  }
  finish_attempt(draft, run, lease->task, outcome);
  return std::move(draft.step);
}

Timestamp timeout_backstop(const Draft& draft, const LiveRun& run, TaskIndex task) {
  const auto timeout = run.task_settings(task).timeout;
  return timeout.count() > 0 ? draft.now + timeout + kTimeoutBackstop : kNoTime;
}

void finish_attempt(Draft& draft,
                    const LiveRun& run,
                    TaskIndex task,
                    model::AttemptOutcome outcome) {
  if (outcome.ended == kNoTime) {
    outcome.ended = draft.now;  // nobody saw the end itself
  }
  const TaskState state = task_state_after(outcome, run.tasks.stop_reason[task]);
  const bool is_stopping = run.record.state != RunState::kRunning ||
                           run.tasks.stop_reason[task] == StopReason::kUserCancel;
  const bool was_lost = outcome.end == AttemptEnd::kLost;
  const bool repeats =
      !is_stopping && (was_lost ? may_repeat_lost(run, task) : may_retry(run, task, state));
  std::string message;
  if (state != TaskState::kSucceeded) {
    message = failure_message(outcome);
  }
  draft.record(
      AttemptFinished{.run = run.record.id,
                      .task = task,
                      .attempt = {.id = run.tasks.attempt[task],
                                  .number = run.tasks.attempt_number[task],
                                  .worker = run.tasks.worker[task],
                                  .state = state,
                                  .overlap_possible = was_lost && repeats && !outcome.tree_empty,
                                  .outcome = std::move(outcome)}});
  if (repeats) {
    retry(draft, run, task, was_lost);
    return;
  }
  draft.record(TaskFinished{.run = run.record.id,
                            .task = task,
                            .state = state,
                            .message = std::move(message),
                            .at = draft.now});
}

}  // namespace sheaf::core
