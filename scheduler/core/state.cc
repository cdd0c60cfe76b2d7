#include "scheduler/core/state.h"

namespace sheaf::core {

void TaskColumns::resize(std::uint32_t task_count) {
  state.resize(task_count);
  outcome.resize(task_count);
  lost_attempts.resize(task_count);
  stop_reason.resize(task_count);
  attempt_number.resize(task_count);
  attempt.resize(task_count);
  worker.resize(task_count);
  fence.resize(task_count);
  started.resize(task_count);
  ended.resize(task_count);
  deadline.resize(task_count);
}

TaskRow TaskColumns::row(TaskIndex task) const {
  return TaskRow{.state = state[task],
                 .outcome = outcome[task],
                 .lost_attempts = lost_attempts[task],
                 .stop_reason = stop_reason[task],
                 .attempt_number = attempt_number[task],
                 .attempt = attempt[task],
                 .worker = worker[task],
                 .fence = fence[task],
                 .started = started[task],
                 .ended = ended[task],
                 .deadline = deadline[task]};
}

void TaskColumns::set_row(TaskIndex task, const TaskRow& row) {
  state[task] = row.state;
  outcome[task] = row.outcome;
  lost_attempts[task] = row.lost_attempts;
  stop_reason[task] = row.stop_reason;
  attempt_number[task] = row.attempt_number;
  attempt[task] = row.attempt;
  worker[task] = row.worker;
  fence[task] = row.fence;
  started[task] = row.started;
  ended[task] = row.ended;
  deadline[task] = row.deadline;
}

LiveRun* State::find_run(RunId run) {
  const auto found = runs.find(run);
  return found == runs.end() ? nullptr : found->second.get();
}

const LiveRun* State::find_run(RunId run) const {
  const auto found = runs.find(run);
  return found == runs.end() ? nullptr : found->second.get();
}

}  // namespace sheaf::core
