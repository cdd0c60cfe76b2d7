// How the loop carries out the agent's actions.
#include <csignal>
#include <utility>

#include "common/base/failpoint.h"
#include "common/os/clocks.h"
#include "common/os/processes.h"
#include "common/telemetry/log.h"
#include "worker/session/loop.h"

namespace sheaf::session {
namespace {

/// Messages that wait for one frame; beyond that the scheduler hears the rest when it is repeated.
constexpr std::size_t kMaxUnsent = 10'000;

}  // namespace

void Session::Loop::perform(const agent::Actions& actions) {
  for (const agent::Action& action : actions) {
    if (!perform_one(action)) {
      return;
    }
  }
}

bool Session::Loop::perform_one(const agent::Action& action) {
  return std::visit([this](const auto& known) { return act(known); }, action);
}

bool Session::Loop::act(const agent::Say& action) {
  // Without a session nobody listens: WELCOME makes the agent say again what it owes.
  if (!has_session_ || unsent_.size() >= kMaxUnsent) {
    return true;
  }
  auto encoded = wire::encode_message(action.message);
  if (!encoded) {
    telemetry::log(telemetry::Level::kError,
                   "a message cannot be sent: " + encoded.error().message);
    refuse_unsendable(action.message, encoded.error());
    return true;
  }
  unsent_.push_back(std::move(*encoded));
  return true;
}

void Session::Loop::refuse_unsendable(const wire::WorkerMessage& message, const Error& error) {
  // Values that no frame can carry would be owed for ever, and the result waits for them.
  if (const auto* values = std::get_if<wire::Values>(&message)) {
    perform(agent_.values_acknowledged({.attempt = values->attempt,
                                        .fence = values->fence,
                                        .sequence = values->sequence,
                                        .refusal = error.message},
                                       os::boot_time()));
  }
}

bool Session::Loop::act(const agent::StoreLease& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  auto stored = files_.store_lease({.spec = attempt.spec, .token = attempt.token});
  if (stored) {
    return true;
  }
  perform(agent_.report_lease_not_stored(action.attempt, stored.error().message));
  return false;
}

bool Session::Loop::act(const agent::Prepare& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  preparing_->submit(
      {.spec = attempt.spec, .token = attempt.token, .http_base_url = http_base_url_});
  return true;
}

bool Session::Loop::act(const agent::StopProcess& action) {
  const auto stopped = runner_.request_stop(action.attempt);
  if (stopped) {
    return true;
  }
  // Launched, but without a start record yet: the shim itself takes the signal.
  const auto watched = watched_.find(action.attempt);
  if (watched != watched_.end()) {
    static_cast<void>(os::send_signal(watched->second.process, SIGTERM));
  }
  return true;
}

bool Session::Loop::act(const agent::StopPreparing& action) {
  preparing_->cancel(action.attempt);
  return true;
}

bool Session::Loop::act(const agent::StoreOutcome& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  auto stored = files_.store_outcome(
      {.attempt = action.attempt, .fence = attempt.spec.fence, .outcome = attempt.outcome});
  if (!stored) {
    telemetry::log(telemetry::Level::kError, stored.error().message);
  }
  return true;
}

bool Session::Loop::act(const agent::FinishLogs& action) {
  logs_->finish(action.attempt, runner_.folder(action.attempt).path);
  return true;
}

bool Session::Loop::act(const agent::Forget& action) {
  failpoint::reach("runner.before_forget");
  logs_->remove(action.attempt);
  unwatch(action.attempt);
  warnings_.erase(action.attempt);
  streams_.erase(action.attempt);
  // First the folder, then the lease: a crash in between reports once more, and is told to forget.
  for (const auto& removed : {runner_.remove(action.attempt), files_.remove(action.attempt)}) {
    if (!removed) {
      telemetry::log(telemetry::Level::kWarning, removed.error().message);
    }
  }
  return true;
}

void Session::Loop::flush() {
  if (!has_session_ || unsent_.empty()) {
    unsent_.clear();
    return;
  }
  for (const std::string& frame :
       wire::make_frames(wire::FrameKind::kWorker, header_, std::exchange(unsent_, {}))) {
    failpoint::reach("session.before_send");
    if (dealer_.send(frame)) {
      last_sent_ = os::boot_time();
    }
  }
}

}  // namespace sheaf::session
