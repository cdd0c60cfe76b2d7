// How the agent carries out the actions of its core.
#include <utility>

#include "common/base/check.h"
#include "tests/sim/agent_host.h"

namespace sheaf::sim {

void AgentHost::perform(const agent::Actions& actions) {
  for (const agent::Action& action : actions) {
    if (actions_to_live_) {
      if (*actions_to_live_ == 0) {
        throw AgentDied{};
      }
      --*actions_to_live_;
    }
    if (!std::visit([this](const auto& known) { return act(known); }, action)) {
      return;
    }
  }
}

bool AgentHost::act(const agent::Say& action) {
  if (const auto* result = std::get_if<wire::ResultReport>(&action.message)) {
    check_said(*result);
  }
  if (!has_session_) {
    return true;
  }
  auto encoded = wire::encode_message(action.message);
  SHEAF_CHECK(encoded.has_value(), "what the agent says can be encoded");
  unsent_.push_back(*std::move(encoded));
  return true;
}

bool AgentHost::act(const agent::StoreLease& action) {
  const agent::Attempt& attempt = *agent_.find(action.attempt);
  if (machine_.parts().faults.strikes(Fault::kWorkerDiskFull)) {
    perform(agent_.report_lease_not_stored(action.attempt, "no space left on device"));
    return false;
  }
  machine_.disk()[action.attempt] =
      AttemptRecords{.lease = wire::Lease{.spec = attempt.spec, .token = attempt.token},
                     .lease_written = machine_.write(false)};
  return true;
}

bool AgentHost::act(const agent::Prepare& action) {
  Dice& dice = machine_.parts().dice;
  const Milliseconds length = dice.chance(90)
                                  ? dice.between(Milliseconds{1}, std::chrono::seconds(2))
                                  : dice.between(std::chrono::seconds(2), std::chrono::minutes(2));
  const bool succeeds = dice.chance(97);
  later(length, [this, attempt = action.attempt, succeeds] { prepared(attempt, succeeds); });
  return true;
}

void AgentHost::prepared(AttemptId attempt, bool is_ready) {
  if (!is_ready) {
    perform(agent_.report_not_started(attempt, "no such package", machine_.boot_time()));
  } else if (agent_.report_prepared(attempt)) {
    machine_.disk()[attempt].is_launched = true;
    machine_.launch(agent_.find(attempt)->spec);
  }
  flush();
}

bool AgentHost::act(const agent::StopProcess& action) {
  machine_.request_stop(action.attempt);
  return true;
}

bool AgentHost::act(const agent::StopPreparing& /*action*/) {
  return true;  // report_prepared() will say that it is not wanted.
}

bool AgentHost::act(const agent::StoreOutcome& action) {
  AttemptRecords& records = machine_.disk()[action.attempt];
  records.outcome = agent_.find(action.attempt)->outcome;
  records.outcome_written = machine_.write(false);
  return true;
}

bool AgentHost::act(const agent::FinishLogs& action) {
  ship_logs(action.attempt);
  return true;
}

bool AgentHost::act(const agent::Forget& action) {
  machine_.disk().erase(action.attempt);
  cursors_.erase(action.attempt);
  return true;
}

void AgentHost::ship_logs(AttemptId attempt) {
  const Milliseconds length =
      machine_.parts().dice.between(Milliseconds{10}, std::chrono::seconds(3));
  later(length, [this, attempt] {
    if (has_session_ && machine_.parts().bus.is_open(machine_.name())) {
      perform(agent_.report_logs_shipped(attempt));
      flush();
    } else if (agent_.find(attempt) != nullptr) {
      ship_logs(attempt);
    }
  });
}

void AgentHost::flush() {
  follow_streams();
  if (!has_session_ || unsent_.empty()) {
    unsent_.clear();
    return;
  }
  for (std::string& frame :
       wire::make_frames(wire::FrameKind::kWorker, header_, std::exchange(unsent_, {}))) {
    machine_.parts().bus.send_to_scheduler(machine_.name(), std::move(frame));
    last_sent_ = machine_.boot_time();
  }
}

}  // namespace sheaf::sim
