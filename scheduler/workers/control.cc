#include "scheduler/workers/control.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/failpoint.h"
#include "common/base/planted.h"
#include "common/telemetry/log.h"

namespace sheaf::workers {
namespace {

using telemetry::Level;
using telemetry::log;

constexpr Milliseconds kShortestTick{5};
constexpr Milliseconds kLongestTick{500};
// Session numbers of an epoch; an epoch that hands out more than that has other troubles.
constexpr std::uint64_t kSessionsPerEpoch = std::uint64_t{1} << 32u;

Milliseconds tick_for(const Settings& settings) {
  const Milliseconds shortest =
      std::min({settings.suspect_after, settings.resend_after, settings.lease});
  return std::clamp(shortest / 4, kShortestTick, kLongestTick);
}

SilenceWatch::Limits limits_for(const Settings& settings) {
  const Milliseconds lease_over = settings.lease + settings.lease_margin;
  return {.suspect_after = settings.suspect_after,
          .lease_over_after = lease_over,
          .start_grace = std::max(lease_over, settings.start_grace)};
}

Control::Parts with_planted_clock(Control::Parts parts) {
  if (planted::has("workers.wall_clock_lease")) {
    parts.boot_time = [wall_time = parts.wall_time] { return wall_time().time_since_epoch(); };
  }
  return parts;
}

model::AttemptOutcome unsendable(const Error& error, Timestamp now) {
  return {.end = model::AttemptEnd::kNotStarted,
          .tree_empty = true,
          .message = "the attempt cannot be sent to a worker: " + error.message,
          .ended = now};
}

}  // namespace

Control::Control(Parts parts, Beginning beginning)
    : parts_(with_planted_clock(std::move(parts))),
      epoch_(beginning.epoch),
      highest_fence_(beginning.fence),
      silence_(limits_for(parts_.settings), parts_.boot_time()),
      tick_(tick_for(parts_.settings)),
      next_session_(beginning.epoch * kSessionsPerEpoch + 1) {
  for (const core::WorkerRecord& worker : beginning.workers) {
    names_[worker.id] = worker.name;
    parts_.owners.name_worker(worker.id, worker.name);
    silence_.begin(worker.id, parts_.boot_time());
  }
  show_presence();
}

void Control::take_letters() {
  for (const Letter& letter : parts_.mail->take()) {
    std::visit([this](const auto& one) { take(one); }, letter);
  }
  if (parts_.mail->take_loss()) {
    log(Level::kWarning, "too many orders to workers at once: all workers register anew");
    end_all_sessions();
  }
}

void Control::take(const core::StartAttempt& order) {
  highest_fence_ = std::max(highest_fence_, order.spec.fence);
  parts_.owners.note(order.spec.attempt, order.spec.run, order.worker);
  Session* const session = find_session_of(order.worker);
  if (session == nullptr) {
    return;  // Registering, the worker gets what is outstanding.
  }
  const wire::Lease lease{.spec = order.spec,
                          .token = parts_.settings.attempt_token(order.spec.attempt)};
  const Result<void> leased = session->lease(lease, parts_.boot_time());
  if (leased) {
    unsent_.insert(session->peer().session);
    return;
  }
  parts_.post(core::ReportResult{.worker = order.worker,
                                 .attempt = order.spec.attempt,
                                 .fence = order.spec.fence,
                                 .outcome = unsendable(leased.error(), parts_.wall_time())},
              [](const engine::Outcome&) {});
}

void Control::take(const core::StopAttempt& order) {
  Session* const session = find_session_of(order.worker);
  if (session == nullptr) {
    return;
  }
  session->cancel(
      {.attempt = order.attempt, .fence = order.fence, .grace = parts_.settings.kill_grace},
      parts_.boot_time());
  unsent_.insert(session->peer().session);
}

void Control::take(const Registered& registered) {
  const Registration& registration = registered.registration;
  if (latest_registration_[registration.name] != registration.session) {
    return;  // The worker asked again since.
  }
  if (!registered.outcome) {
    const Error& error = registered.outcome.error();
    log(Level::kWarning, "worker " + registration.name + " is not registered: " + error.message);
    if (error.code != ErrorCode::kUnavailable) {
      send_alone(registration.connection, wire::Refused{.reason = error.message});
    }
    return;
  }
  const auto* const reply = std::get_if<core::RegisterReply>(&*registered.outcome);
  SHEAF_CHECK(reply != nullptr, "RegisterWorker is answered with a RegisterReply");
  welcome(registration, *reply);
}

void Control::welcome(const Registration& registration, const core::RegisterReply& reply) {
  end_session(reply.worker);
  names_[reply.worker] = registration.name;
  parts_.owners.name_worker(reply.worker, registration.name);
  const auto [place, is_new] =
      sessions_.try_emplace(registration.session,
                            Session::Peer{.session = registration.session,
                                          .worker = reply.worker,
                                          .name = registration.name,
                                          .connection = registration.connection,
                                          .version = registration.version},
                            epoch_);
  SHEAF_CHECK(is_new, "sessions are numbered once");
  session_of_worker_[reply.worker] = registration.session;
  if (silence_.standing(reply.worker).value_or(SilenceWatch::Standing::kHeard) !=
      SilenceWatch::Standing::kHeard) {
    // The verdict may have been posted while the registration was on its way, and be decided after
    // it: nothing else would take it back.
    report_silence({.worker = reply.worker, .verdict = core::ReportSilence::Verdict::kHeardAgain});
  }
  silence_.begin(reply.worker, parts_.boot_time());
  // WELCOME itself is readable before the version is agreed on, and comes alone.
  send_alone(registration.connection,
             wire::Welcome{.session = registration.session,
                           .epoch = epoch_,
                           .version = registration.version,
                           .worker = reply.worker,
                           .lease = parts_.settings.lease,
                           .heartbeat_interval = parts_.settings.heartbeat_interval,
                           .adopt = reply.adopt,
                           .kill = reply.kill,
                           .forget = reply.forget,
                           .http_base_url = parts_.settings.http_base_url});
  show_presence();
  log(Level::kInfo,
      "worker " + registration.name + " is in session: adopts " +
          std::to_string(reply.adopt.size()) + ", kills " + std::to_string(reply.kill.size()) +
          ", forgets " + std::to_string(reply.forget.size()));
}

void Control::take(const Acknowledged& acknowledged) {
  Session* const session = find_session(acknowledged.session);
  if (session == nullptr) {
    return;  // In its next session the worker repeats what is not acknowledged.
  }
  if (const auto* const started = std::get_if<wire::StartedAck>(&acknowledged.ack)) {
    session->settle_lease(started->attempt, started->fence);
  }
  if (const auto* const result = std::get_if<wire::ResultAck>(&acknowledged.ack)) {
    session->settle_attempt(result->attempt, result->fence);
  }
  tell(*session, acknowledged.ack);
}

void Control::take(const RejectionRecorded& rejection) {
  if (Session* const session = find_session(rejection.session)) {
    session->settle_attempt(rejection.attempt, rejection.fence);
  }
  silence_.note_refusal(rejection.worker);  // Also where it is in its next session by now.
}

void Control::take(const SilenceUnreported& unreported) {
  silence_.retract(unreported.report);
}

Milliseconds Control::keep_time() {
  const Milliseconds now = parts_.boot_time();
  for (const core::ReportSilence& report : silence_.due(now)) {
    report_silence(report);
    if (report.verdict == core::ReportSilence::Verdict::kLeaseOver) {
      // What the worker still holds is settled when it registers again.
      end_session(report.worker);
    }
  }
  for (auto& [id, session] : sessions_) {
    session.resend(now, parts_.settings.resend_after);
    if (session.has_unsent()) {
      unsent_.insert(id);
    }
  }
  show_presence();
  return now + tick_;
}

void Control::report_silence(const core::ReportSilence& report) {
  const std::string& name = names_[report.worker];
  switch (report.verdict) {
    case core::ReportSilence::Verdict::kSuspect:
      log(Level::kWarning, "worker " + name + " is silent: it gets no new attempts");
      break;
    case core::ReportSilence::Verdict::kHeardAgain:
      log(Level::kInfo, "worker " + name + " is heard again");
      break;
    case core::ReportSilence::Verdict::kLeaseOver:
      log(Level::kError,
          "worker " + name + " was silent for its whole lease: its attempts are lost");
      break;
  }
  parts_.post(report, [mail = parts_.mail, report](const engine::Outcome& outcome) {
    if (!outcome && outcome.error().code != ErrorCode::kNotFound) {
      mail->post(SilenceUnreported{.report = report});
    }
  });
}

void Control::end_session(WorkerId worker) {
  const auto found = session_of_worker_.find(worker);
  if (found != session_of_worker_.end()) {
    sessions_.erase(found->second);
    unsent_.erase(found->second);
    session_of_worker_.erase(found);
  }
}

void Control::end_all_sessions() {
  for (const auto& [id, session] : sessions_) {
    send_alone(session.peer().connection, wire::RegisterAgain{});
  }
  sessions_.clear();
  session_of_worker_.clear();
  unsent_.clear();
}

void Control::show_presence() {
  using State = WorkerPresence::State;
  std::vector<WorkerPresence> workers;
  workers.reserve(names_.size());
  for (const auto& [worker, name] : names_) {
    const bool is_in_session = session_of_worker_.contains(worker);
    const bool is_heard = silence_.standing(worker) == SilenceWatch::Standing::kHeard;
    const State state = !is_in_session ? State::kAway
                        : is_heard     ? State::kConnected
                                       : State::kSuspect;
    workers.push_back({.worker = worker, .name = name, .state = state});
  }
  parts_.presence.with([&workers](auto& shown) { shown = std::move(workers); });
}

void Control::flush() {
  for (const std::uint64_t id : std::exchange(unsent_, {})) {
    Session* const session = find_session(id);
    if (session == nullptr) {
      continue;
    }
    for (const std::string& frame : session->take_frames()) {
      send(session->peer().connection, frame);
    }
  }
}

void Control::send(const std::string& connection, std::string_view frame) {
  failpoint::reach("workers.before_send");
  // A frame that cannot leave is lost like one on the way: orders are repeated here, reports there.
  if (const Result<void> sent = parts_.send(connection, frame); !sent) {
    log(Level::kDebug, "a frame to a worker is dropped: " + sent.error().message);
  }
  failpoint::reach("workers.after_send");
}

void Control::send_alone(const std::string& connection, const wire::SchedulerMessage& message) {
  const Result<std::string> frame = wire::encode(wire::SchedulerFrame{
      .header = {.version = wire::kFirstVersion, .epoch = epoch_}, .messages = {message}});
  if (!frame) {
    log(Level::kError, "an answer to a worker cannot be sent: " + frame.error().message);
    return;
  }
  send(connection, *frame);
}

Session* Control::find_session(std::uint64_t session) {
  const auto found = sessions_.find(session);
  return found == sessions_.end() ? nullptr : &found->second;
}

Session* Control::find_session_of(WorkerId worker) {
  const auto found = session_of_worker_.find(worker);
  return found == session_of_worker_.end() ? nullptr : find_session(found->second);
}

void Control::tell(Session& session, const wire::SchedulerMessage& message) {
  const Result<void> told = session.tell(message);
  SHEAF_CHECK(told.has_value(), "acknowledgements fit a frame");
  unsent_.insert(session.peer().session);
}

}  // namespace sheaf::workers
