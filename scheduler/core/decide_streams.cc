// What becomes of the iterations of a stream: while its process runs, and when it ends.
#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

/// The end of one iteration that says so itself: as if a process of its own had failed.
model::AttemptOutcome failure(const LiveRun& run,
                              TaskIndex holder,
                              std::string message,
                              Timestamp now) {
  return {.end = AttemptEnd::kExited,
          .exit_code = 1,
          .message = std::move(message),
          .started = run.tasks.started[holder],
          .ended = now};
}

/// Which of the reported outcomes are news, by row.
class Report {
 public:
  Report(const LiveRun& run, TaskIndex holder)
      : run_(run),
        holder_(holder),
        block_(run.record.blocks[run.block_of(holder)]),
        mark_(run.tasks.outcome[holder]) {}

  void take(const model::StreamOutcome& entry) {
    const TaskIndex row = block_.first + entry.index;
    if (entry.index >= block_.count || !is_open(row)) {
      return;
    }
    mark_ |= kStreamBegun;
    std::string error = entry.error.substr(0, limits::kMaxStreamErrorBytes);
    if (error.empty()) {
      error = "The iteration failed, without a message.";
    }
    if (row == holder_) {
      mark_ |= entry.is_success ? kHolderSucceeded : kHolderFailed;
      holder_error_ = entry.is_success ? "" : std::move(error);
    } else if (entry.is_success) {
      succeeded_.insert(row);
    } else {
      failed_.emplace(row, std::move(error));
    }
  }

  void record(Draft& draft, bool is_ready) {
    mark_ |= is_ready ? kStreamBegun : 0;
    if (mark_ == run_.tasks.outcome[holder_] && succeeded_.empty() && failed_.empty()) {
      return;
    }
    std::vector<TaskRange> succeeded;
    for (const TaskIndex row : succeeded_) {
      append_row(succeeded, row);
    }
    draft.record(StreamReported{.run = run_.record.id,
                                .holder = holder_,
                                .mark = mark_,
                                .holder_error = std::move(holder_error_),
                                .succeeded = std::move(succeeded),
                                .at = draft.now});
    for (auto& [row, error] : failed_) {
      conclude_attempt(draft, run_, row, failure(run_, holder_, std::move(error), draft.now));
    }
  }

 private:
  [[nodiscard]] bool is_open(TaskIndex row) const {
    if (row == holder_) {
      return (mark_ & (kHolderSucceeded | kHolderFailed)) == 0;
    }
    return run_.tasks.state[row] == TaskState::kStreaming &&
           run_.tasks.attempt[row] == run_.tasks.attempt[holder_] && !succeeded_.contains(row) &&
           !failed_.contains(row);
  }

  const LiveRun& run_;
  TaskIndex holder_;
  const IterationBlock& block_;
  std::uint8_t mark_;
  std::string holder_error_;
  std::set<TaskIndex> succeeded_;
  std::map<TaskIndex, std::string> failed_;
};

/// No log that is kept is longer.
std::uint32_t log_length(std::uint64_t bytes) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, limits::kMaxLogBytesPerAttempt));
}

std::string message_of(const LiveRun& run, TaskIndex task) {
  const auto details = run.details.find(task);
  return details == run.details.end() ? std::string() : details->second.message;
}

/// The rows of a process without an outcome, ascending.
std::vector<TaskIndex> unrecorded_rows(const LiveRun& run, TaskIndex holder) {
  std::vector<TaskIndex> rows;
  for_each_row(streamed_rows(run, holder), [&rows](TaskIndex row) { rows.push_back(row); });
  if ((run.tasks.outcome[holder] & (kHolderSucceeded | kHolderFailed)) == 0) {
    rows.insert(std::ranges::lower_bound(rows, holder), holder);
  }
  return rows;
}

/// What the holder's own outcome has waited for: its row was the process's until now.
void finish_holder(Draft& draft, const LiveRun& run, TaskIndex holder) {
  if ((run.tasks.outcome[holder] & kHolderSucceeded) != 0) {
    finish_task(draft, {.run = run.record.id, .task = holder}, TaskState::kSucceeded, "");
  } else if ((run.tasks.outcome[holder] & kHolderFailed) != 0) {
    conclude_attempt(draft, run, holder, failure(run, holder, message_of(run, holder), draft.now));
  }
}

/// An attempt is over for each of the rows.
void charge(Draft& draft,
            const LiveRun& run,
            std::span<const TaskIndex> rows,
            model::AttemptOutcome outcome) {
  for (const TaskIndex row : rows) {
    conclude_attempt(draft, run, row, outcome);
    outcome.warnings.clear();  // Told once.
  }
}

}  // namespace

Decision decide_outcomes(Draft draft, const ReportOutcomes& command) {
  const auto lease = find_lease(draft.state, command);
  if (!lease) {
    return std::move(draft.step);
  }
  const LiveRun& run = *draft.state.find_run(lease->run);
  if (!is_stream(run, lease->task)) {
    return std::move(draft.step);
  }
  if (run.tasks.started[lease->task] == kNoTime) {
    // Its start was said, and lost on the way.
    draft.record(AttemptStarted{.run = lease->run,
                                .task = lease->task,
                                .at = draft.now,
                                .deadline = timeout_backstop(draft, run, lease->task)});
  }
  Report report(run, lease->task);
  for (const model::StreamOutcome& entry : command.entries) {
    report.take(entry);
  }
  report.record(draft, command.is_ready);
  return std::move(draft.step);
}

void return_iterations(Draft& draft, const LiveRun& run, std::vector<TaskRange> rows) {
  const std::uint32_t count = row_count(rows);
  if (count == 0) {
    return;
  }
  // Fresh attempts: the one that they had may have run, and is another row's.
  draft.record(IterationsReturned{.run = run.record.id,
                                  .rows = std::move(rows),
                                  .first_attempt = AttemptId{draft.draw_ids(count)}});
}

void finish_stream(Draft& draft,
                   const LiveRun& run,
                   TaskIndex holder,
                   model::AttemptOutcome outcome) {
  const std::vector<TaskIndex> rows = unrecorded_rows(run, holder);
  const TaskState state = task_state_after(outcome, run.tasks.stop_reason[holder]);
  draft.record(StreamEnded{.run = run.record.id,
                           .holder = holder,
                           .stdout_bytes = log_length(outcome.stdout_bytes),
                           .stderr_bytes = log_length(outcome.stderr_bytes)});
  finish_holder(draft, run, holder);
  // What may still live was not cancelled: it is lost, and a repair has to know of it.
  const bool may_live = outcome.end == AttemptEnd::kLost && !outcome.tree_empty;
  if (is_attempt_stopping(run, holder) && !may_live) {
    for (const TaskIndex row : rows) {
      finish_task(draft,
                  {.run = run.record.id, .task = row},
                  state == TaskState::kTimedOut ? state : TaskState::kCancelled,
                  "Stopped before it had an outcome.");
    }
    return;
  }
  if (state == TaskState::kSucceeded) {
    charge(draft,
           run,
           rows,
           failure(run, holder, "The stream ended without an outcome for it.", draft.now));
    return;
  }
  if (state == TaskState::kTimedOut) {
    outcome.end = AttemptEnd::kTimedOut;  // The holder alone knows why it was stopped.
  }
  // Who has begun was at work on the first: that one alone is told apart from bad luck, so that a
  // poisonous input takes no other with it. Who has not would not begin next time either.
  const bool is_first_alone = !planted::has("core.stream_death_charged_to_all") &&
                              outcome.end != AttemptEnd::kLost &&
                              (run.tasks.outcome[holder] & kStreamBegun) != 0 && !rows.empty();
  if (!is_first_alone) {
    charge(draft, run, rows, std::move(outcome));
    return;
  }
  charge(draft, run, std::span(rows).first(1), std::move(outcome));
  std::vector<TaskRange> others;
  for (const TaskIndex row : std::span(rows).subspan(1)) {
    append_row(others, row);
  }
  return_iterations(draft, run, std::move(others));
}

}  // namespace sheaf::core
