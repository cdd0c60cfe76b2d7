#include "tests/sim/agent_host.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "tests/sim/trace.h"

namespace sheaf::sim {
namespace {

using model::AttemptEnd;

constexpr Milliseconds kResendAfter{2'000};
constexpr Milliseconds kLongestRegisterPause{15'000};

}  // namespace

AgentHost::AgentHost(Machine& machine) : machine_(machine), agent_(machine.slots()) {
  last_received_ = machine_.boot_time();
}

void AgentHost::later(Milliseconds pause, std::function<void()> what) {
  const std::weak_ptr<bool> life = is_alive_;
  Machine& machine = machine_;
  machine.parts().timeline.after(pause, [life, &machine, what = std::move(what)] {
    if (life.expired()) {
      return;
    }
    try {
      what();
    } catch (const AgentDied&) {
      machine.kill_agent();
    }
  });
}

void AgentHost::recover() {
  std::vector<AttemptId> without_lease;
  for (auto& [attempt, records] : machine_.disk()) {
    if (records.lease) {
      recover_attempt(attempt, records);
    } else {
      without_lease.push_back(attempt);
    }
  }
  for (const AttemptId attempt : without_lease) {
    machine_.disk().erase(attempt);
  }
  later(Milliseconds{1}, [this] { turn(); });
}

void AgentHost::recover_attempt(AttemptId id, AttemptRecords& records) {
  agent::Attempt attempt{.spec = records.lease->spec, .token = records.lease->token};
  if (records.outcome) {
    recover_ended(std::move(attempt), *records.outcome, {});
    return;
  }
  const Machine::Standing standing = machine_.standing(id);
  if (standing == Machine::Standing::kEnded) {
    recover_ended(std::move(attempt), records.exit->outcome, records.exit->values);
  } else if (standing == Machine::Standing::kRunning) {
    attempt.phase = records.start ? agent::Phase::kRunning : agent::Phase::kLaunching;
    attempt.started = records.start ? records.start->started : kNoTime;
    agent_.recover(std::move(attempt));
  } else if (standing == Machine::Standing::kShimDied) {
    recover_ended(std::move(attempt),
                  {.end = AttemptEnd::kLost,
                   .tree_empty = machine_.end_survivors(id),
                   .message = "lost: its supervisor was killed",
                   .started = records.start ? records.start->started : kNoTime},
                  {});
  } else if (records.is_launched) {
    recover_ended(std::move(attempt),
                  {.end = AttemptEnd::kLost,
                   .tree_empty = true,
                   .message = "lost: the machine was restarted",
                   .started = records.start ? records.start->started : kNoTime},
                  {});
  } else {
    unprepared_.push_back(id);
    agent_.recover(std::move(attempt));
  }
}

void AgentHost::recover_ended(agent::Attempt attempt,
                              model::AttemptOutcome outcome,
                              std::vector<model::TaskValue> values) {
  const AttemptId id = attempt.spec.attempt;
  attempt.phase = agent::Phase::kReporting;
  attempt.outcome = std::move(outcome);
  attempt.values = std::move(values);
  attempt.are_values_acknowledged = attempt.values.empty();
  agent_.recover(std::move(attempt));
  ship_logs(id);
}

void AgentHost::receive(const std::string& bytes) {
  const auto frame = wire::decode_scheduler_frame(bytes);
  SHEAF_CHECK(frame.has_value(), "frames of the scheduler can be decoded");
  last_received_ = machine_.boot_time();
  const bool is_of_session = has_session_ && frame->header.epoch == header_.epoch &&
                             frame->header.session == header_.session;
  if (is_of_session && !received_.take(frame->header.sequence)) {
    return;
  }
  for (const wire::SchedulerMessage& message : frame->messages) {
    obey(frame->header, message);
  }
  flush();
}

void AgentHost::obey(const wire::FrameHeader& header, const wire::SchedulerMessage& message) {
  const Milliseconds now = machine_.boot_time();
  if (const auto* welcome = std::get_if<wire::Welcome>(&message)) {
    begin_session(*welcome);
    return;
  }
  if (std::holds_alternative<wire::Refused>(message)) {
    has_session_ = false;
    return;
  }
  if (std::holds_alternative<wire::RegisterAgain>(message)) {
    if (std::exchange(has_session_, false)) {
      last_register_ = Milliseconds{0};
      later(Milliseconds{1}, [this] { keep_in_touch(); });
    }
    return;
  }
  const bool is_current =
      has_session_ && header.epoch == header_.epoch && header.session == header_.session;
  if (!is_current) {
    return;
  }
  if (const auto* lease = std::get_if<wire::Lease>(&message)) {
    perform(agent_.lease(*lease, now));
  } else if (const auto* order = std::get_if<wire::Cancel>(&message)) {
    perform(agent_.cancel(*order, now));
  } else if (const auto* started = std::get_if<wire::StartedAck>(&message)) {
    agent_.start_acknowledged(*started);
  } else if (const auto* values = std::get_if<wire::ValuesAck>(&message)) {
    perform(agent_.values_acknowledged(*values, now));
  } else if (const auto* outcomes = std::get_if<wire::OutcomesAck>(&message)) {
    obey_outcomes(*outcomes);
  } else if (const auto* result = std::get_if<wire::ResultAck>(&message)) {
    const agent::Attempt* const attempt = agent_.find(result->attempt);
    // Of a tree that may live the outcome waits for the end of the lease.
    const bool is_certain = attempt != nullptr && (attempt->outcome.end != AttemptEnd::kLost ||
                                                   attempt->outcome.tree_empty);
    if (is_certain) {
      machine_.parts().ledger.check_acknowledged(result->attempt, result->fence);
    }
    perform(agent_.result_acknowledged(*result));
  }
}

void AgentHost::begin_session(const wire::Welcome& message) {
  trace(machine_.parts().timeline.now(),
        machine_.name(),
        "welcome to session " + std::to_string(message.session) + ", kill " +
            std::to_string(message.kill.size()));
  if (message.epoch < machine_.highest_epoch()) {
    return;
  }
  const bool is_known = message.epoch == header_.epoch && message.session <= header_.session;
  if (is_known && (has_session_ || message.session < header_.session)) {
    return;  // It came again, or after a later one.
  }
  if (!is_known) {
    header_ = {.version = message.version, .epoch = message.epoch, .session = message.session};
    received_ = {};
  }
  has_session_ = true;
  register_pause_ = Milliseconds{1'000};
  heartbeat_interval_ = message.heartbeat_interval;
  if (message.epoch > machine_.highest_epoch()) {
    agent_.distrust_logs();
    for (const wire::HeldAttempt& held : agent_.held()) {
      if (held.state == wire::HeldAttempt::State::kFinished) {
        ship_logs(held.attempt);
      }
    }
  }
  machine_.highest_epoch() = message.epoch;
  perform(agent_.welcome(message, machine_.boot_time()));
  if (!std::ranges::all_of(message.adopt,
                           [this](AttemptId id) { return agent_.find(id) != nullptr; })) {
    has_session_ = false;
    last_register_ = Milliseconds{0};
    later(Milliseconds{1}, [this] { keep_in_touch(); });
    return;
  }
  for (const AttemptId attempt : std::exchange(unprepared_, {})) {
    if (agent_.find(attempt) != nullptr) {
      static_cast<void>(act(agent::Prepare{attempt}));
    }
  }
}

void AgentHost::turn() {
  keep_in_touch();
  const Milliseconds now = machine_.boot_time();
  if (has_session_ && now - last_owed_ >= kResendAfter / 2) {
    last_owed_ = now;
    perform(agent_.owed(now, kResendAfter));
  }
  flush();
  schedule_turn();
}

void AgentHost::schedule_turn() {
  Milliseconds pause = heartbeat_interval_;
  if (!has_session_) {
    pause = std::min(pause, register_pause_);
  } else if (agent_.has_unanswered()) {
    pause = std::min(pause, kResendAfter);
  }
  later(pause, [this] { turn(); });
}

void AgentHost::keep_in_touch() {
  const Milliseconds now = machine_.boot_time();
  if (has_session_ && now - last_received_ >= 3 * heartbeat_interval_) {
    has_session_ = false;
    last_register_ = Milliseconds{0};
  }
  if (!has_session_) {
    if (now - last_register_ >= register_pause_) {
      register_worker();
    }
    return;
  }
  if (now - last_sent_ >= heartbeat_interval_) {
    static_cast<void>(act(agent::Say{wire::Heartbeat{.attempts = agent_.active_count()}}));
  }
}

void AgentHost::register_worker() {
  trace(machine_.parts().timeline.now(), machine_.name(), "registers");
  last_register_ = machine_.boot_time();
  wire::FrameHeader header;
  const auto message = wire::encode_message(
      wire::WorkerMessage{wire::Register{.name = machine_.name(),
                                         .boot_id = machine_.boot_id(),
                                         .agent_version = "simulated",
                                         .slots = machine_.slots(),
                                         .labels = machine_.labels(),
                                         .attempts = agent_.held(),
                                         .highest_epoch = machine_.highest_epoch(),
                                         .highest_fence = agent_.highest_fence(),
                                         .resources = machine_.resources()}});
  SHEAF_CHECK(message.has_value(), "a REGISTER can be encoded");
  for (std::string& frame : wire::make_frames(wire::FrameKind::kWorker, header, {*message})) {
    machine_.parts().bus.send_to_scheduler(machine_.name(), std::move(frame));
  }
  register_pause_ = std::clamp(2 * register_pause_, Milliseconds{1'000}, kLongestRegisterPause);
}

void AgentHost::look_at(AttemptId id) {
  const agent::Attempt* const attempt = agent_.find(id);
  if (attempt == nullptr) {
    return;
  }
  const auto records = machine_.disk().find(id);
  const Machine::Standing standing = machine_.standing(id);
  if (records != machine_.disk().end() && records->second.start &&
      attempt->phase == agent::Phase::kLaunching) {
    perform(agent_.report_started(id, records->second.start->started, machine_.boot_time()));
  }
  if (standing == Machine::Standing::kEnded || standing == Machine::Standing::kShimDied) {
    end_attempt(id);
  }
  flush();
}

void AgentHost::end_attempt(AttemptId id) {
  const agent::Attempt* const attempt = agent_.find(id);
  if (attempt == nullptr || attempt->phase == agent::Phase::kReporting) {
    return;
  }
  const AttemptRecords& records = machine_.disk()[id];
  if (machine_.standing(id) == Machine::Standing::kEnded) {
    const AttemptRecords::Exit exit = *records.exit;
    perform(agent_.report_ended(id, exit.outcome, exit.values, true, machine_.boot_time()));
    return;
  }
  const Timestamp started = records.start ? records.start->started : kNoTime;
  perform(agent_.report_ended(id,
                              {.end = AttemptEnd::kLost,
                               .tree_empty = machine_.end_survivors(id),
                               .message = "lost: its supervisor was killed",
                               .started = started},
                              {},
                              false,
                              machine_.boot_time()));
}

}  // namespace sheaf::sim
