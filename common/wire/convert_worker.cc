#include "common/wire/convert.h"
#include "common/wire/frame.pb.h"

namespace sheaf::wire {
namespace {

/// Enumerators are numbered from 0 to `last` without gaps.
template <typename Enum>
std::optional<Enum> to_enum(std::uint32_t value, Enum last) {
  if (value > static_cast<std::uint32_t>(last)) {
    return std::nullopt;
  }
  return static_cast<Enum>(value);
}

template <typename Message>
Message reference(const proto::AttemptReference& in) {
  return {.attempt = AttemptId{in.attempt()}, .fence = in.fence()};
}

void put(const Register& message, proto::WorkerMessage& envelope) {
  proto::Register& out = *envelope.mutable_register_worker();
  out.set_name(message.name);
  out.set_boot_id(message.boot_id);
  out.set_agent_version(message.agent_version);
  out.set_min_version(message.min_version);
  out.set_max_version(message.max_version);
  out.set_slots(message.slots);
  for (const std::string& label : message.labels) {
    out.add_labels(label);
  }
  for (const HeldAttempt& held : message.attempts) {
    proto::HeldAttempt& entry = *out.add_attempts();
    entry.set_attempt(held.attempt.value);
    entry.set_fence(held.fence);
    entry.set_state(static_cast<std::uint32_t>(held.state));
  }
  out.set_highest_epoch(message.highest_epoch);
  out.set_highest_fence(message.highest_fence);
  out.set_cpu_millis(message.resources.cpu_millis);
  out.set_memory_bytes(message.resources.memory_bytes);
  for (const std::uint32_t device : message.resources.gpus) {
    out.add_gpus(device);
  }
  for (const std::uint64_t environment : message.cached_environments) {
    out.add_cached_environments(environment);
  }
}

std::optional<WorkerMessage> get(const proto::Register& in) {
  Register message{
      .name = in.name(),
      .boot_id = in.boot_id(),
      .agent_version = in.agent_version(),
      .min_version = in.min_version(),
      .max_version = in.max_version(),
      .slots = in.slots(),
      .labels = {in.labels().begin(), in.labels().end()},
      .attempts = {},
      .highest_epoch = in.highest_epoch(),
      .highest_fence = in.highest_fence(),
      .resources = {.cpu_millis = in.cpu_millis(),
                    .memory_bytes = in.memory_bytes(),
                    .gpus = {in.gpus().begin(), in.gpus().end()}},
      .cached_environments = {in.cached_environments().begin(), in.cached_environments().end()}};
  for (const proto::HeldAttempt& held : in.attempts()) {
    const auto state = to_enum(held.state(), HeldAttempt::State::kFinished);
    if (!state) {
      return std::nullopt;
    }
    message.attempts.push_back(
        {.attempt = AttemptId{held.attempt()}, .fence = held.fence(), .state = *state});
  }
  return message;
}

void put(const Heartbeat& message, proto::WorkerMessage& envelope) {
  envelope.mutable_heartbeat()->set_attempts(message.attempts);
}

void put(const Accepted& message, proto::WorkerMessage& envelope) {
  envelope.mutable_accepted()->set_attempt(message.attempt.value);
  envelope.mutable_accepted()->set_fence(message.fence);
}

void put(const Rejected& message, proto::WorkerMessage& envelope) {
  proto::Rejected& out = *envelope.mutable_rejected();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_reason(message.reason);
}

void put(const Started& message, proto::WorkerMessage& envelope) {
  proto::Started& out = *envelope.mutable_started();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_started_ms(to_epoch_ms(message.started));
}

void put(const Values& message, proto::WorkerMessage& envelope) {
  proto::Values& out = *envelope.mutable_values();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_sequence(message.sequence);
  out.set_first(message.first);
  out.set_total(message.total);
  for (const model::TaskValue& value : message.entries) {
    proto::TaskValue& entry = *out.add_entries();
    entry.set_key(value.key);
    entry.set_json(value.json);
  }
}

Values get(const proto::Values& in) {
  Values message{.attempt = AttemptId{in.attempt()},
                 .fence = in.fence(),
                 .sequence = in.sequence(),
                 .first = in.first(),
                 .total = in.total(),
                 .entries = {}};
  for (const proto::TaskValue& entry : in.entries()) {
    message.entries.push_back({.key = entry.key(), .json = entry.json()});
  }
  return message;
}

void put(const Outcomes& message, proto::WorkerMessage& envelope) {
  proto::Outcomes& out = *envelope.mutable_outcomes();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_offset(message.offset);
  out.set_is_ready(message.is_ready);
  for (const model::StreamOutcome& outcome : message.entries) {
    proto::StreamOutcome& entry = *out.add_entries();
    entry.set_index(outcome.index);
    entry.set_is_success(outcome.is_success);
    entry.set_error(outcome.error);
  }
}

Outcomes get(const proto::Outcomes& in) {
  Outcomes message{.attempt = AttemptId{in.attempt()},
                   .fence = in.fence(),
                   .offset = in.offset(),
                   .is_ready = in.is_ready(),
                   .entries = {}};
  for (const proto::StreamOutcome& entry : in.entries()) {
    message.entries.push_back(
        {.index = entry.index(), .is_success = entry.is_success(), .error = entry.error()});
  }
  return message;
}

void put(const ResultReport& message, proto::WorkerMessage& envelope) {
  proto::ResultReport& report = *envelope.mutable_result();
  report.set_attempt(message.attempt.value);
  report.set_fence(message.fence);
  proto::AttemptOutcome& out = *report.mutable_outcome();
  out.set_end(static_cast<std::uint32_t>(message.outcome.end));
  out.set_exit_code(message.outcome.exit_code);
  out.set_signal(message.outcome.signal);
  out.set_tree_empty(message.outcome.tree_empty);
  out.set_out_of_memory(message.outcome.out_of_memory);
  out.set_message(message.outcome.message);
  for (const std::string& warning : message.outcome.warnings) {
    out.add_warnings(warning);
  }
  out.set_started_ms(to_epoch_ms(message.outcome.started));
  out.set_ended_ms(to_epoch_ms(message.outcome.ended));
  out.set_stdout_bytes(message.outcome.stdout_bytes);
  out.set_stderr_bytes(message.outcome.stderr_bytes);
}

std::optional<WorkerMessage> get(const proto::ResultReport& in) {
  const proto::AttemptOutcome& outcome = in.outcome();
  const auto end = to_enum(outcome.end(), model::AttemptEnd::kLost);
  if (!end) {
    return std::nullopt;
  }
  return ResultReport{
      .attempt = AttemptId{in.attempt()},
      .fence = in.fence(),
      .outcome = {.end = *end,
                  .exit_code = outcome.exit_code(),
                  .signal = outcome.signal(),
                  .tree_empty = outcome.tree_empty(),
                  .out_of_memory = outcome.out_of_memory(),
                  .message = outcome.message(),
                  .warnings = {outcome.warnings().begin(), outcome.warnings().end()},
                  .started = from_epoch_ms(outcome.started_ms()),
                  .ended = from_epoch_ms(outcome.ended_ms()),
                  .stdout_bytes = outcome.stdout_bytes(),
                  .stderr_bytes = outcome.stderr_bytes()}};
}

}  // namespace

void to_proto(const WorkerMessage& message, proto::WorkerMessage& out) {
  std::visit([&out](const auto& one) { put(one, out); }, message);
}

std::optional<WorkerMessage> from_proto(const proto::WorkerMessage& in) {
  switch (in.kind_case()) {
    case proto::WorkerMessage::kRegisterWorker:
      return get(in.register_worker());
    case proto::WorkerMessage::kHeartbeat:
      return Heartbeat{.attempts = in.heartbeat().attempts()};
    case proto::WorkerMessage::kAccepted:
      return reference<Accepted>(in.accepted());
    case proto::WorkerMessage::kRejected:
      return Rejected{.attempt = AttemptId{in.rejected().attempt()},
                      .fence = in.rejected().fence(),
                      .reason = in.rejected().reason()};
    case proto::WorkerMessage::kStarted:
      return Started{.attempt = AttemptId{in.started().attempt()},
                     .fence = in.started().fence(),
                     .started = from_epoch_ms(in.started().started_ms())};
    case proto::WorkerMessage::kValues:
      return get(in.values());
    case proto::WorkerMessage::kResult:
      return get(in.result());
    case proto::WorkerMessage::kOutcomes:
      return get(in.outcomes());
    case proto::WorkerMessage::KIND_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sheaf::wire
