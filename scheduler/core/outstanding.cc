#include "common/base/check.h"
#include "scheduler/core/core.h"
#include "scheduler/core/state_writer.h"

namespace sheaf::core {
namespace {

/// The start or stop that is owed to the worker of one active attempt, if any.
void add_owed(const LiveRun& run, TaskIndex task, std::vector<Effect>& effects) {
  const TaskState state = run.tasks.state[task];
  if (is_loss_expected(run, task)) {
    return;
  }
  if (state == TaskState::kStopping) {
    effects.emplace_back(StopAttempt{.worker = run.tasks.worker[task],
                                     .attempt = run.tasks.attempt[task],
                                     .fence = run.tasks.fence[task],
                                     .reason = run.tasks.stop_reason[task]});
  } else if (state == TaskState::kLeased) {
    auto spec = make_attempt_spec(run, task);
    SHEAF_CHECK(spec.has_value(), "a leased task's references do not resolve");
    effects.emplace_back(StartAttempt{.worker = run.tasks.worker[task], .spec = std::move(*spec)});
  }
}

}  // namespace

bool is_current(const State& state, const StartAttempt& order) {
  const auto where = state.attempts.find(order.spec.attempt);
  if (where == state.attempts.end()) {
    return false;
  }
  const TaskColumns& tasks = state.find_run(where->second.run)->tasks;
  return tasks.worker[where->second.task] == order.worker &&
         tasks.fence[where->second.task] == order.spec.fence;
}

std::vector<Effect> outstanding_for(const State& state, WorkerId worker) {
  std::vector<Effect> effects;
  const auto found = state.workers.find(worker);
  if (found == state.workers.end()) {
    return effects;
  }
  for (const AttemptId attempt : found->second.attempts) {
    const TaskRef where = state.attempts.at(attempt);
    add_owed(*state.find_run(where.run), where.task, effects);
  }
  return effects;
}

std::vector<Effect> outstanding(const State& state) {
  std::vector<Effect> effects;
  for (const auto& [id, worker] : state.workers) {
    for (Effect& effect : outstanding_for(state, id)) {
      effects.push_back(std::move(effect));
    }
  }
  for (const auto& [id, schedule] : state.schedules) {
    effects.emplace_back(WatchSchedule{.schedule = schedule});
  }
  return effects;
}

}  // namespace sheaf::core
