#include <algorithm>
#include <map>

#include "common/base/limits.h"
#include "common/base/planted.h"
#include "scheduler/core/decide.h"

namespace sheaf::core {
namespace {

model::AttemptOutcome lost(
    const LiveRun& run, TaskIndex task, Timestamp now, std::string why, bool is_gone) {
  return {.end = AttemptEnd::kLost,
          .tree_empty = is_gone,
          .message = std::move(why),
          .started = run.tasks.started[task],
          .ended = now};
}

/// The worker holds the attempt that State has there: it goes on, with what is still owed.
void adopt(Draft& draft,
           const LiveRun& run,
           TaskIndex task,
           const HeldAttempt& held,
           RegisterReply& reply) {
  reply.adopt.push_back(held.attempt);
  const TaskState state = run.tasks.state[task];
  if (state == TaskState::kStopping) {
    draft.order(StopAttempt{.worker = run.tasks.worker[task],
                            .attempt = held.attempt,
                            .fence = run.tasks.fence[task],
                            .reason = run.tasks.stop_reason[task]});
  }
  if (is_loss_expected(run, task)) {
    // An earlier registration missed the attempt: the verdict is taken back.
    draft.record(AttemptStarted{.run = run.record.id,
                                .task = task,
                                .at = run.tasks.started[task],
                                .deadline = timeout_backstop(draft, run, task)});
  }
}

/// State has an attempt on the worker that the worker does not know.
void miss(Draft& draft, const LiveRun& run, TaskIndex task, bool is_rebooted) {
  const bool was_started =
      run.tasks.started[task] != kNoTime || run.tasks.state[task] == TaskState::kRunning;
  if (is_rebooted || planted::has("core.missing_means_gone")) {
    auto gone = lost(run, task, draft.now, "lost: its worker was rebooted", true);
    if (run.tasks.state[task] == TaskState::kStopping) {
      gone.end = AttemptEnd::kCancelled;
      gone.message = "stopped: its worker was rebooted";
    }
    finish_attempt(draft, run, task, std::move(gone));
    return;
  }
  if (is_loss_expected(run, task)) {
    return;
  }
  if (was_started) {
    draft.record(
        LossExpected{.run = run.record.id, .task = task, .at = draft.now + limits::kWorkerLease});
    return;
  }
  // A worker records an attempt before it accepts it: this lease never arrived.
  if (run.tasks.state[task] == TaskState::kStopping) {
    draft.order(StopAttempt{.worker = run.tasks.worker[task],
                            .attempt = run.tasks.attempt[task],
                            .fence = run.tasks.fence[task],
                            .reason = run.tasks.stop_reason[task]});
    return;
  }
  auto spec = make_attempt_spec(run, task);
  if (spec && !planted::has("core.lost_lease_not_repeated")) {
    draft.order(StartAttempt{.worker = run.tasks.worker[task], .spec = std::move(*spec)});
  }
}

/// Attempts that the worker holds but should not.
void disown(const HeldAttempt& held, RegisterReply& reply) {
  if (held.state == HeldAttempt::State::kFinished) {
    reply.forget.push_back(held.attempt);
  } else {
    reply.kill.push_back(held.attempt);
  }
}

template <typename T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto repeated = std::ranges::unique(values);
  values.erase(repeated.begin(), repeated.end());
}

WorkerRecord recorded(const Draft& draft, const RegisterWorker& command, WorkerId id) {
  WorkerRecord worker{.id = id,
                      .name = command.name,
                      .boot_id = command.boot_id,
                      .version = command.version,
                      .slots = command.slots,
                      .labels = command.labels,
                      .registered = draft.now,
                      .resources = command.resources,
                      .cached_environments = command.cached_environments};
  sort_unique(worker.labels);
  sort_unique(worker.resources.gpus);
  if (worker.cached_environments.size() > limits::kMaxCachedEnvironments) {
    worker.cached_environments.resize(limits::kMaxCachedEnvironments);
  }
  return worker;
}

}  // namespace

Decision decide_register(Draft draft, const RegisterWorker& command) {
  const auto known = draft.state.workers_by_name.find(command.name);
  const bool is_new = known == draft.state.workers_by_name.end();
  if (is_new && draft.state.workers.size() >= limits::kMaxWorkers) {
    return reject(ErrorCode::kExhausted, "there are too many workers");
  }
  const WorkerId id = is_new ? WorkerId{draft.draw_ids()} : known->second;
  RegisterReply reply{.worker = id, .epoch = draft.state.epoch};
  std::map<AttemptId, const HeldAttempt*> held;
  for (const HeldAttempt& attempt : command.attempts) {
    held.emplace(attempt.attempt, &attempt);
  }
  if (!is_new) {
    const LiveWorker& worker = draft.state.workers.at(id);
    const bool is_rebooted = worker.record.boot_id != command.boot_id;
    for (const AttemptId attempt : worker.attempts) {
      const TaskRef where = draft.state.attempts.at(attempt);
      const LiveRun& run = *draft.state.find_run(where.run);
      const auto found = held.find(attempt);
      if (found != held.end() && found->second->fence == run.tasks.fence[where.task]) {
        adopt(draft, run, where.task, *found->second, reply);
        held.erase(found);
      } else {
        miss(draft, run, where.task, is_rebooted);
      }
    }
    if (worker.suspect) {
      draft.record(WorkerSuspected{.worker = id, .suspect = false});
    }
  }
  for (const auto& [attempt, disowned] : held) {
    disown(*disowned, reply);
  }
  draft.record(WorkerRecorded{.worker = recorded(draft, command, id)});
  draft.step.reply = std::move(reply);
  return std::move(draft.step);
}

Decision decide_silence(Draft draft, const ReportSilence& command) {
  const auto found = draft.state.workers.find(command.worker);
  if (found == draft.state.workers.end()) {
    return reject(ErrorCode::kNotFound, "there is no worker " + to_string(command.worker));
  }
  const bool is_silent = command.verdict != ReportSilence::Verdict::kHeardAgain;
  if (found->second.suspect != is_silent) {
    draft.record(WorkerSuspected{.worker = command.worker, .suspect = is_silent});
  }
  if (command.verdict == ReportSilence::Verdict::kLeaseOver) {
    for (const AttemptId attempt : found->second.attempts) {
      const TaskRef where = draft.state.attempts.at(attempt);
      const LiveRun& run = *draft.state.find_run(where.run);
      finish_attempt(draft,
                     run,
                     where.task,
                     lost(run,
                          where.task,
                          draft.now,
                          "lost: its worker was silent for the whole lease",
                          false));
    }
  }
  return std::move(draft.step);
}

}  // namespace sheaf::core
