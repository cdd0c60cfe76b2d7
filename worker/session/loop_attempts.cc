// What the loop does with attempts: take them up, launch them, watch their shims, report their
// ends.
#include <csignal>
#include <utility>

#include "common/base/failpoint.h"
#include "common/os/clocks.h"
#include "common/os/processes.h"
#include "common/telemetry/log.h"
#include "worker/runner/survivors.h"
#include "worker/session/loop.h"
#include "worker/session/outcomes.h"

namespace sheaf::session {
namespace {

/// How long survivors of a dead shim are hunted before the attempt is reported with its tree alive.
constexpr Milliseconds kSurvivorPatience{10'000};

}  // namespace

Result<void> Session::Loop::recover() {
  auto stored = files_.leases();
  if (!stored) {
    return fail(stored.error());
  }
  for (const AttemptFiles::DamagedLease& damaged : stored->damaged) {
    if (auto dropped = drop_damaged(damaged); !dropped) {
      return dropped;
    }
  }
  for (const wire::Lease& lease : stored->leases) {
    if (auto recovered = recover_attempt(lease); !recovered) {
      return fail(recovered.error(), "attempt " + to_string(lease.spec.attempt));
    }
  }
  return {};
}

Result<void> Session::Loop::drop_damaged(const AttemptFiles::DamagedLease& damaged) {
  const AttemptId id = damaged.attempt;
  const auto inspection = runner_.settle(id, kSurvivorPatience);
  if (!inspection && inspection.error().code != ErrorCode::kNotFound) {
    return fail(damaged.error);
  }
  const bool may_run =
      inspection &&
      (inspection->state == runner::AttemptState::kRunning ||
       (inspection->state == runner::AttemptState::kShimDied && !inspection->tree_empty));
  if (may_run) {
    return fail(damaged.error);
  }
  telemetry::log(telemetry::Level::kWarning,
                 damaged.error.message + "; nothing of this attempt runs here: it is dropped");
  for (const auto& removed : {runner_.remove(id), files_.remove(id)}) {
    if (!removed) {
      return removed;
    }
  }
  return {};
}

Result<void> Session::Loop::recover_attempt(const wire::Lease& lease) {
  const AttemptId id = lease.spec.attempt;
  agent::Attempt attempt{.spec = lease.spec, .token = lease.token};
  auto outcome = files_.outcome(id);
  if (!outcome) {
    // As if it had not been stored: what the runner finds decides again.
    telemetry::log(telemetry::Level::kWarning, outcome.error().message);
    outcome = std::nullopt;
  }
  const auto report_end = [&](EndedAttempt ended) {
    attempt.phase = agent::Phase::kReporting;
    attempt.outcome = std::move(ended.outcome);
    attempt.values = std::move(ended.values);
    attempt.are_values_acknowledged = attempt.values.empty();
    agent_.recover(std::move(attempt));
    logs_->finish(id, runner_.folder(id).path);
  };
  if (*outcome) {
    report_end({.outcome = (*outcome)->outcome});
    return {};
  }
  auto inspection = runner_.settle(id, kSurvivorPatience);
  if (!inspection && has_lost_records(id, inspection.error().code)) {
    report_end(end_without_records(id, inspection.error()));
    return {};
  }
  if (!inspection && inspection.error().code != ErrorCode::kNotFound) {
    return fail(inspection.error());
  }
  if (!inspection || inspection->state == runner::AttemptState::kNeverRan) {
    // Leased, never launched: nothing of it ran, so it is prepared as if it had just come.
    if (auto unmarked = files_.unmark_launched(id); !unmarked) {
      return unmarked;
    }
    if (auto removed = runner_.remove(id); !removed) {
      return fail(removed.error());
    }
    unprepared_.push_back(id);
    agent_.recover(std::move(attempt));
    return {};
  }
  if (inspection->state != runner::AttemptState::kRunning) {
    report_end(read_end(runner_.folder(id), *inspection));
    return {};
  }
  attempt.phase = agent::Phase::kRunning;
  attempt.started = inspection->start->started;
  agent_.recover(std::move(attempt));
  watch(id, {.process = std::move(inspection->shim), .started = {}});
  logs_->add(id, runner_.folder(id).path);
  return {};
}

bool Session::Loop::has_lost_records(AttemptId attempt, ErrorCode code) const {
  return code == ErrorCode::kInvalid || code == ErrorCode::kCorrupt ||
         code == ErrorCode::kUnauthorized ||
         (code == ErrorCode::kNotFound && files_.was_launched(attempt));
}

EndedAttempt Session::Loop::end_without_records(AttemptId attempt, const Error& error) {
  telemetry::log(telemetry::Level::kWarning,
                 "attempt " + to_string(attempt) + " is lost with its records: " + error.message);
  const auto empty = runner::end_survivors(runner_.folder(attempt), {}, kSurvivorPatience);
  return {.outcome = {.end = model::AttemptEnd::kLost,
                      .tree_empty = empty && *empty,
                      .message = "lost: somebody removed or locked the records of this attempt"}};
}

void Session::Loop::watch(AttemptId attempt, Watched watched) {
  poller_.add(watched.process.get());
  if (watched.started.is_open()) {
    poller_.add(watched.started.get());
  }
  watched_.insert_or_assign(attempt, std::move(watched));
}

void Session::Loop::unwatch(AttemptId attempt) {
  const auto found = watched_.find(attempt);
  if (found == watched_.end()) {
    return;
  }
  poller_.remove(found->second.process.get());
  if (found->second.started.is_open()) {
    poller_.remove(found->second.started.get());
  }
  watched_.erase(found);
}

void Session::Loop::take_prepared(PreparedReport report) {
  const AttemptId id = report.attempt;
  if (!report.prepared) {
    perform(agent_.report_not_started(id, report.prepared.error().message, os::boot_time()));
    return;
  }
  if (agent_.report_prepared(id)) {
    launch(id, std::move(*report.prepared));
  }
}

void Session::Loop::launch(AttemptId id, environments::PreparedAttempt prepared) {
  const agent::Attempt& attempt = *agent_.find(id);
  failpoint::reach("runner.before_spawn");
  if (auto marked = files_.mark_launched(id); !marked) {
    perform(agent_.report_not_started(id, marked.error().message, os::boot_time()));
    return;
  }
  auto shim = runner_.launch({.attempt = id,
                              .argv = std::move(prepared.argv),
                              .env = std::move(prepared.env),
                              .working_folder = prepared.working_folder,
                              .timeout = attempt.spec.timeout,
                              .stream_input = stream_input_text(attempt.spec.stream)});
  if (!shim) {
    perform(agent_.report_not_started(id, shim.error().message, os::boot_time()));
    return;
  }
  failpoint::reach("runner.after_spawn");
  warnings_[id] = std::move(prepared.warnings);
  watch(id, {.process = std::move(shim->process), .started = std::move(shim->started)});
  logs_->add(id, runner_.folder(id).path);
  if (attempt.is_stop_requested) {
    static_cast<void>(act(agent::StopProcess{id}));
  }
}

void Session::Loop::look_at_shims() {
  std::vector<AttemptId> attempts;
  attempts.reserve(watched_.size());
  for (const auto& [attempt, watched] : watched_) {
    attempts.push_back(attempt);
  }
  for (const AttemptId attempt : attempts) {
    look_at_shim(attempt);
  }
}

void Session::Loop::look_at_shim(AttemptId attempt) {
  Watched& watched = watched_.at(attempt);
  if (watched.started.is_open() && os::is_readable(watched.started.get())) {
    poller_.remove(watched.started.get());
    watched.started.close();
    const auto inspection = runner_.inspect(attempt);
    if (inspection && inspection->start) {
      perform(agent_.report_started(attempt, inspection->start->started, os::boot_time()));
    }
  }
  if (os::is_readable(watched.process.get())) {
    static_cast<void>(os::reap(watched.process));
    unwatch(attempt);
    end_attempt(attempt);
  }
}

void Session::Loop::end_attempt(AttemptId attempt) {
  auto inspection = runner_.settle(attempt, kSurvivorPatience);
  EndedAttempt ended;
  bool is_recorded = false;
  const agent::Attempt* known = agent_.find(attempt);
  const bool was_running = known != nullptr && known->phase == agent::Phase::kRunning;
  const bool seems_unstarted = inspection && inspection->state == runner::AttemptState::kNeverRan;
  if (!inspection) {
    ended = end_without_records(attempt, inspection.error());
  } else if (seems_unstarted && was_running) {
    // Its start was reported: somebody removed the record since.
    ended = end_without_records(
        attempt, {.code = ErrorCode::kNotFound, .message = "the record of its start is gone"});
  } else if (seems_unstarted) {
    perform(
        agent_.report_not_started(attempt, "its supervisor could not start it", os::boot_time()));
    return;
  } else {
    if (inspection->start) {
      perform(agent_.report_started(attempt, inspection->start->started, os::boot_time()));
    }
    ended = read_end(runner_.folder(attempt), *inspection);
    is_recorded = inspection->state == runner::AttemptState::kFinished;
  }
  if (const auto warnings = warnings_.extract(attempt); !warnings.empty()) {
    ended.outcome.warnings.insert(
        ended.outcome.warnings.begin(), warnings.mapped().begin(), warnings.mapped().end());
  }
  failpoint::reach("session.before_result");
  perform(agent_.report_ended(
      attempt, std::move(ended.outcome), std::move(ended.values), is_recorded, os::boot_time()));
}

}  // namespace sheaf::session
