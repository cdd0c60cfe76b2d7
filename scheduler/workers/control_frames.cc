#include <algorithm>
#include <thread>
#include <utility>

#include "common/telemetry/log.h"
#include "scheduler/workers/control.h"

namespace sheaf::workers {
namespace {

using telemetry::Level;
using telemetry::log;

core::HeldAttempt to_core(const wire::HeldAttempt& held) {
  core::HeldAttempt result{.attempt = held.attempt, .fence = held.fence};
  switch (held.state) {
    case wire::HeldAttempt::State::kPreparing:
      result.state = core::HeldAttempt::State::kPreparing;
      break;
    case wire::HeldAttempt::State::kRunning:
      result.state = core::HeldAttempt::State::kRunning;
      break;
    case wire::HeldAttempt::State::kFinished:
      result.state = core::HeldAttempt::State::kFinished;
      break;
  }
  return result;
}

core::RegisterWorker to_command(const wire::Register& message) {
  core::RegisterWorker command{.name = message.name,
                               .boot_id = message.boot_id,
                               .version = message.agent_version,
                               .slots = message.slots,
                               .labels = message.labels,
                               .attempts = {},
                               .resources = message.resources,
                               .cached_environments = message.cached_environments};
  command.attempts.reserve(message.attempts.size());
  for (const wire::HeldAttempt& held : message.attempts) {
    command.attempts.push_back(to_core(held));
  }
  return command;
}

bool is_register(const wire::WorkerMessage& message) {
  return std::holds_alternative<wire::Register>(message);
}

}  // namespace

void Control::receive(const transport::Received& received) {
  const Result<wire::WorkerFrame> frame = wire::decode_worker_frame(received.bytes);
  if (!frame) {
    log(Level::kWarning, "worker " + received.user + " sent " + frame.error().message);
    return;
  }
  for (const wire::WorkerMessage& message : frame->messages) {
    if (const auto* const registering = std::get_if<wire::Register>(&message)) {
      receive_register(received, *registering);
    }
  }
  if (std::ranges::all_of(frame->messages, is_register)) {
    return;
  }
  Session* const session = find_session(frame->header.session);
  if (session == nullptr || frame->header.epoch != epoch_ ||
      session->peer().name != received.user) {
    send_alone(received.connection, wire::RegisterAgain{});
    return;
  }
  session->move_to(received.connection);
  if (const auto report = silence_.hear(session->peer().worker, parts_.boot_time())) {
    report_silence(*report);
  }
  if (!session->take_frame(frame->header.sequence)) {
    return;
  }
  for (const wire::WorkerMessage& message : frame->messages) {
    receive_in_session(*session, message);
  }
}

void Control::receive_in_session(Session& session, const wire::WorkerMessage& message) {
  if (std::holds_alternative<wire::Heartbeat>(message)) {
    tell(session, wire::HeartbeatAck{});
  } else if (const auto* const accepted = std::get_if<wire::Accepted>(&message)) {
    session.settle_lease(accepted->attempt, accepted->fence);
  } else if (const auto* const rejected = std::get_if<wire::Rejected>(&message)) {
    receive_rejected(session, *rejected);
  } else if (const auto* const started = std::get_if<wire::Started>(&message)) {
    report(core::ReportStarted{.worker = session.peer().worker,
                               .attempt = started->attempt,
                               .fence = started->fence,
                               .started = started->started},
           session.peer().session,
           wire::StartedAck{.attempt = started->attempt, .fence = started->fence});
  } else if (const auto* const values = std::get_if<wire::Values>(&message)) {
    receive_values(session, *values);
  } else if (const auto* const result = std::get_if<wire::ResultReport>(&message)) {
    receive_result(session, *result);
  } else if (const auto* const outcomes = std::get_if<wire::Outcomes>(&message)) {
    report(core::ReportOutcomes{.worker = session.peer().worker,
                                .attempt = outcomes->attempt,
                                .fence = outcomes->fence,
                                .is_ready = outcomes->is_ready,
                                .entries = outcomes->entries},
           session.peer().session,
           wire::OutcomesAck{
               .attempt = outcomes->attempt, .fence = outcomes->fence, .offset = outcomes->offset});
  }
}

void Control::receive_register(const transport::Received& received, const wire::Register& message) {
  if (const std::string refusal = find_refusal(received.user, message); !refusal.empty()) {
    log(Level::kWarning, "worker " + received.user + " is refused: " + refusal);
    send_alone(received.connection, wire::Refused{.reason = refusal});
    return;
  }
  const Registration registration{.session = next_session_++,
                                  .name = message.name,
                                  .connection = received.connection,
                                  .version = std::min(message.max_version, wire::kMaxVersion)};
  latest_registration_[message.name] = registration.session;
  parts_.post(to_command(message),
              [mail = parts_.mail, registration](const engine::Outcome& outcome) {
                mail->post(Registered{.registration = registration, .outcome = outcome});
              });
}

std::string Control::find_refusal(const std::string& user, const wire::Register& message) const {
  if (message.name != user) {
    return "its key is enrolled for \"" + user + "\", not for \"" + message.name + "\"";
  }
  if (message.max_version < wire::kMinVersion || message.min_version > wire::kMaxVersion) {
    return "it speaks protocol versions " + std::to_string(message.min_version) + " to " +
           std::to_string(message.max_version) + ", this scheduler " +
           std::to_string(wire::kMinVersion) + " to " + std::to_string(wire::kMaxVersion);
  }
  if (message.highest_epoch > epoch_ || message.highest_fence > highest_fence_) {
    return "it has obeyed a later state of this scheduler (epoch " +
           std::to_string(message.highest_epoch) + ", fence " +
           std::to_string(message.highest_fence) + ") than the store here holds (epoch " +
           std::to_string(epoch_) + ", fence " + std::to_string(highest_fence_) +
           "): was an old copy of the data folder put in place?";
  }
  return {};
}

void Control::report(core::Command command, std::uint64_t session, wire::SchedulerMessage ack) {
  parts_.post(std::move(command),
              [mail = parts_.mail, session, ack = std::move(ack)](const engine::Outcome& outcome) {
                if (outcome) {  // Else the worker repeats its report.
                  mail->post(Acknowledged{.session = session, .ack = ack});
                }
              });
}

void Control::receive_values(Session& session, const wire::Values& part) {
  std::optional<wire::Values> whole = session.values().add(part);
  if (!whole) {
    return;
  }
  wire::ValuesAck ack{
      .attempt = whole->attempt, .fence = whole->fence, .sequence = whole->sequence};
  core::ReportValues command{.worker = session.peer().worker,
                             .attempt = whole->attempt,
                             .fence = whole->fence,
                             .values = std::move(whole->entries)};
  parts_.post(std::move(command),
              [mail = parts_.mail,
               id = session.peer().session,
               ack = std::move(ack),
               poster = std::this_thread::get_id()](const engine::Outcome& outcome) mutable {
                // Refused by the core, not by a full queue (which answers on the posting
                // thread) or a stop.
                const bool is_refused = !outcome && std::this_thread::get_id() != poster &&
                                        (outcome.error().code == ErrorCode::kExhausted ||
                                         outcome.error().code == ErrorCode::kInvalid);
                if (is_refused) {
                  ack.refusal = outcome.error().message;
                }
                if (outcome || is_refused) {
                  mail->post(Acknowledged{.session = id, .ack = std::move(ack)});
                }
              });
}

void Control::receive_result(Session& session, const wire::ResultReport& message) {
  report(core::ReportResult{.worker = session.peer().worker,
                            .attempt = message.attempt,
                            .fence = message.fence,
                            .outcome = message.outcome},
         session.peer().session,
         wire::ResultAck{.attempt = message.attempt, .fence = message.fence});
}

void Control::receive_rejected(Session& session, const wire::Rejected& message) {
  const RejectionRecorded recorded{.session = session.peer().session,
                                   .worker = session.peer().worker,
                                   .attempt = message.attempt,
                                   .fence = message.fence};
  parts_.post(core::ReportRejected{.worker = session.peer().worker,
                                   .attempt = message.attempt,
                                   .fence = message.fence,
                                   .reason = message.reason},
              [mail = parts_.mail, recorded](const engine::Outcome& outcome) {
                if (outcome) {  // Else the lease is sent, and refused, again.
                  mail->post(recorded);
                }
              });
}

}  // namespace sheaf::workers
