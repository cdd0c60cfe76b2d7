#include "common/wire/convert.h"
#include "common/wire/frame.pb.h"

namespace sheaf::wire {
namespace {

template <typename Message>
Message reference(const proto::AttemptReference& in) {
  return {.attempt = AttemptId{in.attempt()}, .fence = in.fence()};
}

template <typename Repeated>
std::vector<AttemptId> to_ids(const Repeated& values) {
  std::vector<AttemptId> ids;
  for (const std::int64_t value : values) {
    ids.push_back(AttemptId{value});
  }
  return ids;
}

void put(const Welcome& message, proto::SchedulerMessage& envelope) {
  proto::Welcome& out = *envelope.mutable_welcome();
  out.set_session(message.session);
  out.set_epoch(message.epoch);
  out.set_version(message.version);
  out.set_worker(message.worker.value);
  out.set_lease_ms(message.lease.count());
  out.set_heartbeat_interval_ms(message.heartbeat_interval.count());
  for (const AttemptId attempt : message.adopt) {
    out.add_adopt(attempt.value);
  }
  for (const AttemptId attempt : message.kill) {
    out.add_kill(attempt.value);
  }
  for (const AttemptId attempt : message.forget) {
    out.add_forget(attempt.value);
  }
  out.set_http_base_url(message.http_base_url);
}

Welcome get(const proto::Welcome& in) {
  return {.session = in.session(),
          .epoch = in.epoch(),
          .version = in.version(),
          .worker = WorkerId{in.worker()},
          .lease = Milliseconds{in.lease_ms()},
          .heartbeat_interval = Milliseconds{in.heartbeat_interval_ms()},
          .adopt = to_ids(in.adopt()),
          .kill = to_ids(in.kill()),
          .forget = to_ids(in.forget()),
          .http_base_url = in.http_base_url()};
}

void put(const Refused& message, proto::SchedulerMessage& envelope) {
  envelope.mutable_refused()->set_reason(message.reason);
}

void put(const RegisterAgain&, proto::SchedulerMessage& envelope) {
  envelope.mutable_register_again();
}

void put_environment(const model::EnvironmentSettings& environment, proto::Environment& out) {
  out.set_environment_key(environment.environment_key);
  out.set_environment_version(environment.environment_version);
  for (const std::string& line : environment.dependencies) {
    out.add_dependencies(line);
  }
}

void put(const Lease& message, proto::SchedulerMessage& envelope) {
  const model::AttemptSpec& spec = message.spec;
  envelope.mutable_lease()->set_token(message.token);
  proto::AttemptSpec& out = *envelope.mutable_lease()->mutable_spec();
  out.set_attempt(spec.attempt.value);
  out.set_run(spec.run.value);
  out.set_job(spec.job.value);
  out.set_job_name(spec.job_name);
  out.set_task_key(spec.task_key);
  out.set_attempt_number(spec.attempt_number);
  out.set_fence(spec.fence);
  for (const std::string& argument : spec.arguments) {
    out.add_arguments(argument);
  }
  out.set_is_python(spec.is_python);
  for (const auto& [name, value] : spec.env) {
    proto::NamedString& entry = *out.add_env();
    entry.set_name(name);
    entry.set_value(value);
  }
  put_environment(*spec.environment, *out.mutable_environment());
  out.set_manifest_digest(spec.manifest_digest);
  out.set_file_path(spec.file_path);
  out.set_timeout_ms(spec.timeout.count());
  for (const std::uint32_t device : spec.gpus) {
    out.add_gpus(device);
  }
  for (const model::StreamInput& input : spec.stream) {
    proto::StreamInput& entry = *out.add_stream();
    entry.set_index(input.index);
    entry.set_json(input.json);
  }
}

Lease get(const proto::Lease& in) {
  const proto::AttemptSpec& spec = in.spec();
  const proto::Environment& environment = spec.environment();
  Lease message{.spec = {.attempt = AttemptId{spec.attempt()},
                         .run = RunId{spec.run()},
                         .job = JobId{spec.job()},
                         .job_name = spec.job_name(),
                         .task_key = spec.task_key(),
                         .attempt_number = spec.attempt_number(),
                         .fence = spec.fence(),
                         .arguments = {spec.arguments().begin(), spec.arguments().end()},
                         .is_python = spec.is_python(),
                         .env = {},
                         .environment =
                             model::EnvironmentSettings{
                                 .environment_key = environment.environment_key(),
                                 .environment_version = environment.environment_version(),
                                 .dependencies = {environment.dependencies().begin(),
                                                  environment.dependencies().end()}},
                         .manifest_digest = spec.manifest_digest(),
                         .file_path = spec.file_path(),
                         .timeout = Milliseconds{spec.timeout_ms()},
                         .gpus = {spec.gpus().begin(), spec.gpus().end()}},
                .token = in.token()};
  for (const proto::NamedString& entry : spec.env()) {
    message.spec.env.emplace_back(entry.name(), entry.value());
  }
  for (const proto::StreamInput& entry : spec.stream()) {
    message.spec.stream.push_back({.index = entry.index(), .json = entry.json()});
  }
  return message;
}

void put(const HeartbeatAck&, proto::SchedulerMessage& envelope) {
  envelope.mutable_heartbeat_ack();
}

void put(const StartedAck& message, proto::SchedulerMessage& envelope) {
  envelope.mutable_started_ack()->set_attempt(message.attempt.value);
  envelope.mutable_started_ack()->set_fence(message.fence);
}

void put(const ValuesAck& message, proto::SchedulerMessage& envelope) {
  proto::ValuesAck& out = *envelope.mutable_values_ack();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_sequence(message.sequence);
  out.set_refusal(message.refusal);
}

void put(const ResultAck& message, proto::SchedulerMessage& envelope) {
  envelope.mutable_result_ack()->set_attempt(message.attempt.value);
  envelope.mutable_result_ack()->set_fence(message.fence);
}

void put(const Cancel& message, proto::SchedulerMessage& envelope) {
  proto::Cancel& out = *envelope.mutable_cancel();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_grace_ms(message.grace.count());
}

void put(const OutcomesAck& message, proto::SchedulerMessage& envelope) {
  proto::OutcomesAck& out = *envelope.mutable_outcomes_ack();
  out.set_attempt(message.attempt.value);
  out.set_fence(message.fence);
  out.set_offset(message.offset);
}

void put(const Drain&, proto::SchedulerMessage& envelope) {
  envelope.mutable_drain();
}

}  // namespace

void to_proto(const SchedulerMessage& message, proto::SchedulerMessage& out) {
  std::visit([&out](const auto& one) { put(one, out); }, message);
}

std::optional<SchedulerMessage> from_proto(const proto::SchedulerMessage& in) {
  switch (in.kind_case()) {
    case proto::SchedulerMessage::kWelcome:
      return get(in.welcome());
    case proto::SchedulerMessage::kRefused:
      return Refused{.reason = in.refused().reason()};
    case proto::SchedulerMessage::kRegisterAgain:
      return RegisterAgain{};
    case proto::SchedulerMessage::kLease:
      return get(in.lease());
    case proto::SchedulerMessage::kHeartbeatAck:
      return HeartbeatAck{};
    case proto::SchedulerMessage::kStartedAck:
      return reference<StartedAck>(in.started_ack());
    case proto::SchedulerMessage::kValuesAck:
      return ValuesAck{.attempt = AttemptId{in.values_ack().attempt()},
                       .fence = in.values_ack().fence(),
                       .sequence = in.values_ack().sequence(),
                       .refusal = in.values_ack().refusal()};
    case proto::SchedulerMessage::kResultAck:
      return reference<ResultAck>(in.result_ack());
    case proto::SchedulerMessage::kCancel:
      return Cancel{.attempt = AttemptId{in.cancel().attempt()},
                    .fence = in.cancel().fence(),
                    .grace = Milliseconds{in.cancel().grace_ms()}};
    case proto::SchedulerMessage::kOutcomesAck:
      return OutcomesAck{.attempt = AttemptId{in.outcomes_ack().attempt()},
                         .fence = in.outcomes_ack().fence(),
                         .offset = in.outcomes_ack().offset()};
    case proto::SchedulerMessage::kDrain:
      return Drain{};
    case proto::SchedulerMessage::KIND_NOT_SET:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace sheaf::wire
