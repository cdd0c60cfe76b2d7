#include <algorithm>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// How long after an attempt's own timeout the scheduler orders its stop itself.
constexpr std::chrono::seconds kTimeoutBackstop{30};

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

/// A lost attempt is repeated at most max_lost times, beside max_retries.
bool may_repeat_lost(const LiveRun& run, TaskIndex task) {
  const model::TaskSettings& settings = run.task_settings(task);
  const bool is_wanted = settings.retry_only_on.is_empty() || settings.retry_only_on.on_lost;
  return is_wanted && run.tasks.lost_attempts[task] < settings.max_lost &&
         run.tasks.state[task] != TaskState::kStopping;
}

/// Whether the task's own filter lets this end be repeated.
bool passes_filter(const model::RetryFilter& filter,
                   const model::AttemptOutcome& outcome,
                   TaskState state) {
  if (filter.is_empty() || planted::has("core.retry_filter_ignored")) {
    return true;
  }
  if (state == TaskState::kTimedOut) {
    return filter.on_timeout;  // Also where the scheduler had to order the stop.
  }
  if (outcome.out_of_memory) {
    return filter.on_out_of_memory;
  }
  switch (outcome.end) {
    case AttemptEnd::kExited:
      return std::ranges::find(filter.exit_codes, outcome.exit_code) != filter.exit_codes.end();
    case AttemptEnd::kSignalled:
      // As a shell counts: 137 is KILL.
      return std::ranges::find(filter.exit_codes, 128 + outcome.signal) != filter.exit_codes.end();
    case AttemptEnd::kTimedOut:
    case AttemptEnd::kCancelled:  // By the scheduler, at the task's timeout: a user's is final.
      return filter.on_timeout;
    case AttemptEnd::kLost:
      return filter.on_lost;
    case AttemptEnd::kNotStarted:
      return false;
  }
  check_failed(__FILE__, __LINE__, "end", "not an AttemptEnd");
}

/// Full jitter: a random share of a pause that doubles. The attempt's id is the seed, so that a
/// replay draws the same.
Milliseconds backoff(const model::BackoffSettings& settings,
                     std::uint32_t repeats,
                     AttemptId attempt) {
  constexpr std::uint32_t kMaxDoublings = 40;
  Milliseconds ceiling = settings.first;
  for (std::uint32_t i = 0; i < std::min(repeats, kMaxDoublings) && ceiling < settings.longest;
       ++i) {
    ceiling *= 2;
  }
  ceiling = std::min(ceiling, std::max(settings.longest, settings.first));
  if (ceiling.count() <= 0) {
    return Milliseconds{0};
  }
  // Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
  auto bits = static_cast<std::uint64_t>(attempt.value) + 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  bits ^= bits >> 31;
  return Milliseconds(
      static_cast<std::int64_t>(bits % (static_cast<std::uint64_t>(ceiling.count()) + 1)));
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

}  // namespace

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

bool is_attempt_stopping(const LiveRun& run, TaskIndex task) {
  return run.record.state != RunState::kRunning ||
         run.tasks.stop_reason[task] == StopReason::kUserCancel ||
         (run.is_iteration(task) &&
          is_delegation_stopping(run, run.record.blocks[run.block_of(task)].parent));
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
    if (is_stream(run, lease->task)) {
      return_iterations(draft, run, streamed_rows(run, lease->task));
    }
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
  if (is_stream(run, lease->task)) {
    return std::move(draft.step);  // Values of whom? They would be the last process's.
  }
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
  // Nobody is told that it is over while something of it may still run.
  const bool is_unproven =
      (outcome.end == AttemptEnd::kLost || outcome.end == AttemptEnd::kCancelled) &&
      !outcome.tree_empty;
  if (is_disclaimed || is_unproven) {
    expect_loss(draft, run, lease->task);
    return std::move(draft.step);
  }
  finish_attempt(draft, run, lease->task, outcome);
  return std::move(draft.step);
}

bool may_retry(const LiveRun& run, TaskIndex task, TaskState state) {
  const model::TaskSettings& settings = run.task_settings(task);
  const bool is_retryable = state == TaskState::kFailed || state == TaskState::kInternalError ||
                            (state == TaskState::kTimedOut && settings.retry_on_timeout);
  const std::int64_t used =
      std::int64_t{run.tasks.attempt_number[task]} - run.tasks.lost_attempts[task];
  return is_retryable && (settings.max_retries < 0 || used < settings.max_retries);
}

void retry(Draft& draft, const LiveRun& run, TaskIndex task, bool was_lost) {
  const model::TaskSettings& settings = run.task_settings(task);
  const AttemptId attempt{draft.draw_ids()};
  Timestamp at = draft.now;
  if (!was_lost && !planted::has("core.retry_before_interval")) {
    // A worker's clock that runs ahead only delays.
    const Timestamp begun = run.tasks.started[task] == kNoTime
                                ? draft.now
                                : std::min(run.tasks.started[task], draft.now);
    at = std::max(draft.now + backoff(settings.backoff, run.tasks.attempt_number[task], attempt),
                  begun + settings.min_retry_interval);
  }
  if (std::holds_alternative<model::RunJobTask>(settings.action)) {
    // A run may end in the moment in which it is asked for, and so may the next.
    at = std::max(at, draft.now + limits::kRunJobRetryPause);
  }
  draft.record(RetryScheduled{
      .run = run.record.id, .task = task, .attempt = attempt, .at = at, .was_lost = was_lost});
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
  if (is_stream(run, task)) {
    finish_stream(draft, run, task, std::move(outcome));
  } else {
    conclude_attempt(draft, run, task, std::move(outcome));
  }
}

void conclude_attempt(Draft& draft,
                      const LiveRun& run,
                      TaskIndex task,
                      model::AttemptOutcome outcome) {
  const TaskState state = task_state_after(outcome, run.tasks.stop_reason[task]);
  const bool is_stopping = is_attempt_stopping(run, task);
  const bool was_lost = outcome.end == AttemptEnd::kLost;
  const bool repeats =
      !is_stopping &&
      (was_lost ? may_repeat_lost(run, task)
                : may_retry(run, task, state) &&
                      passes_filter(run.task_settings(task).retry_only_on, outcome, state));
  std::string message;
  if (state != TaskState::kSucceeded) {
    message = failure_message(outcome);
  }
  draft.record(
      AttemptFinished{.run = run.record.id,
                      .task = task,
                      .attempt = {.id = run.tasks.attempt[task],
                                  .number = run.tasks.attempt_number[task],
                                  .repair = repair_count(run.record),
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
