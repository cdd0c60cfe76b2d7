#include "common/wire/validate.h"

#include <optional>
#include <string>
#include <string_view>

#include "common/base/limits.h"
#include "common/wire/text.h"

namespace sheaf::wire {
namespace {

constexpr std::size_t kMaxNameBytes = 256;
constexpr std::size_t kMaxTextBytes = limits::kMaxControlMessageBytes;
constexpr std::size_t kMaxTokenBytes = 4'096;
constexpr std::size_t kMaxUrlBytes = 4'096;
constexpr std::size_t kMaxLabels = 64;
constexpr std::size_t kMaxListLength = 10'000;
constexpr std::size_t kMaxWarnings = 100;
constexpr std::int64_t kMaxEpochMs = 253'402'300'799'999;  // The last millisecond of the year 9999.
constexpr std::int64_t kMaxDurationMs = std::int64_t{1000} * 86'400 * 3'660;

/// Remembers the first violation and ignores the rest.
class Checker {
 public:
  void limit(std::string_view field, std::size_t size, std::size_t maximum) {
    if (size > maximum) {
      refuse(ErrorCode::kExhausted, field, "is above its limit of " + std::to_string(maximum));
    }
  }
  void require(std::string_view field, bool holds, std::string_view problem) {
    if (!holds) {
      refuse(ErrorCode::kInvalid, field, problem);
    }
  }
  void text(std::string_view field, std::string_view value, std::size_t maximum) {
    limit(field, value.size(), maximum);
    require(field, is_utf8(value), "is not UTF-8");
  }
  void texts(std::string_view field, const std::vector<std::string>& values, std::size_t count) {
    limit(field, values.size(), count);
    for (const std::string& value : values) {
      text(field, value, kMaxTextBytes);
    }
  }
  template <typename Tag>
  void id(std::string_view field, Id<Tag> value) {
    require(field, value.is_valid() && value.value <= kMaxPublicId, "is not an id");
  }
  void ids(std::string_view field, const std::vector<AttemptId>& values) {
    limit(field, values.size(), kMaxListLength);
    for (const AttemptId value : values) {
      id(field, value);
    }
  }
  void time(std::string_view field, Timestamp value) {
    require(field, value >= kNoTime && to_epoch_ms(value) <= kMaxEpochMs, "is not an instant");
  }
  void duration(std::string_view field, Milliseconds value) {
    require(field, value.count() >= 0 && value.count() <= kMaxDurationMs, "is not a duration");
  }
  [[nodiscard]] Result<void> verdict() const {
    if (violation_) {
      return fail(*violation_);
    }
    return {};
  }

 private:
  void refuse(ErrorCode code, std::string_view field, std::string_view problem) {
    if (!violation_) {
      violation_ = Error{.code = code, .message = std::string(field) + " " + std::string(problem)};
    }
  }

  std::optional<Error> violation_;
};

void check(Checker& checker, const Register& message) {
  checker.text("register.name", message.name, kMaxNameBytes);
  checker.text("register.boot_id", message.boot_id, kMaxNameBytes);
  checker.text("register.agent_version", message.agent_version, kMaxNameBytes);
  checker.require("register.min_version",
                  message.min_version <= message.max_version,
                  "is above register.max_version");
  checker.texts("register.labels", message.labels, kMaxLabels);
  checker.require("register.cpu_millis", message.resources.cpu_millis >= 0, "is negative");
  checker.require("register.memory_bytes", message.resources.memory_bytes >= 0, "is negative");
  checker.limit("register.gpus", message.resources.gpus.size(), limits::kMaxGpusPerWorker);
  checker.limit("register.cached_environments",
                message.cached_environments.size(),
                limits::kMaxCachedEnvironments);
  checker.limit("register.attempts", message.attempts.size(), kMaxListLength);
  for (const HeldAttempt& held : message.attempts) {
    checker.id("register.attempts", held.attempt);
    checker.require(
        "register.attempts", held.state <= HeldAttempt::State::kFinished, "has an unknown state");
  }
}

void check(Checker&, const Heartbeat&) {}

void check(Checker& checker, const Accepted& message) {
  checker.id("accepted.attempt", message.attempt);
}

void check(Checker& checker, const Rejected& message) {
  checker.id("rejected.attempt", message.attempt);
  checker.text("rejected.reason", message.reason, limits::kMaxResultMessageBytes);
}

void check(Checker& checker, const Started& message) {
  checker.id("started.attempt", message.attempt);
  checker.time("started.started", message.started);
}

void check(Checker& checker, const Values& message) {
  checker.id("values.attempt", message.attempt);
  checker.limit("values.total", message.total, limits::kMaxTaskValuesPerRun);
  checker.limit("values.entries", message.entries.size(), limits::kMaxTaskValuesPerRun);
  checker.require("values.first",
                  message.first <= message.total &&
                      message.entries.size() <= std::size_t{message.total} - message.first,
                  "and the entries reach beyond values.total");
  for (const model::TaskValue& value : message.entries) {
    checker.text("values.entries.key", value.key, limits::kMaxTaskValueKeyBytes);
    checker.text("values.entries.json", value.json, limits::kMaxTaskValueBytes);
  }
}

void check(Checker& checker, const ResultReport& message) {
  const model::AttemptOutcome& outcome = message.outcome;
  checker.id("result.attempt", message.attempt);
  checker.require("result.end", outcome.end <= model::AttemptEnd::kLost, "is unknown");
  checker.text("result.message", outcome.message, limits::kMaxResultMessageBytes);
  checker.texts("result.warnings", outcome.warnings, kMaxWarnings);
  checker.time("result.started", outcome.started);
  checker.time("result.ended", outcome.ended);
}

void check(Checker& checker, const Outcomes& message) {
  checker.id("outcomes.attempt", message.attempt);
  checker.limit("outcomes.entries", message.entries.size(), limits::kMaxStreamReport);
  for (const model::StreamOutcome& outcome : message.entries) {
    checker.text("outcomes.entries.error", outcome.error, limits::kMaxStreamErrorBytes);
  }
}

void check(Checker& checker, const Welcome& message) {
  checker.id("welcome.worker", message.worker);
  checker.duration("welcome.lease", message.lease);
  checker.duration("welcome.heartbeat_interval", message.heartbeat_interval);
  checker.ids("welcome.adopt", message.adopt);
  checker.ids("welcome.kill", message.kill);
  checker.ids("welcome.forget", message.forget);
  checker.text("welcome.http_base_url", message.http_base_url, kMaxUrlBytes);
}

void check(Checker& checker, const Refused& message) {
  checker.text("refused.reason", message.reason, limits::kMaxResultMessageBytes);
}

void check(Checker&, const RegisterAgain&) {}

void check(Checker& checker, const Lease& message) {
  const model::AttemptSpec& spec = message.spec;
  checker.id("lease.attempt", spec.attempt);
  checker.id("lease.run", spec.run);
  checker.id("lease.job", spec.job);
  checker.text("lease.job_name", spec.job_name, limits::kMaxJobNameBytes);
  checker.text("lease.task_key", spec.task_key, kMaxTextBytes);
  checker.require("lease.attempt_number", spec.attempt_number >= 0, "is negative");
  checker.texts("lease.arguments", spec.arguments, kMaxListLength);
  checker.limit("lease.env", spec.env.size(), kMaxListLength);
  for (const auto& [name, value] : spec.env) {
    checker.text("lease.env", name, kMaxTextBytes);
    checker.text("lease.env", value, kMaxTextBytes);
  }
  checker.text("lease.environment_key", spec.environment->environment_key, kMaxTextBytes);
  checker.text("lease.environment_version", spec.environment->environment_version, kMaxNameBytes);
  checker.texts("lease.dependencies", spec.environment->dependencies, kMaxListLength);
  checker.text("lease.manifest_digest", spec.manifest_digest, kMaxNameBytes);
  checker.text("lease.file_path", spec.file_path, kMaxTextBytes);
  checker.duration("lease.timeout", spec.timeout);
  checker.limit("lease.gpus", spec.gpus.size(), limits::kMaxGpusPerWorker);
  checker.limit("lease.stream", spec.stream.size(), limits::kMaxStreamChunk);
  for (const model::StreamInput& input : spec.stream) {
    checker.text("lease.stream", input.json, kMaxTextBytes);
  }
  checker.text("lease.token", message.token, kMaxTokenBytes);
}

void check(Checker&, const HeartbeatAck&) {}

void check(Checker& checker, const StartedAck& message) {
  checker.id("started_ack.attempt", message.attempt);
}

void check(Checker& checker, const ValuesAck& message) {
  checker.id("values_ack.attempt", message.attempt);
  checker.text("values_ack.refusal", message.refusal, limits::kMaxResultMessageBytes);
}

void check(Checker& checker, const OutcomesAck& message) {
  checker.id("outcomes_ack.attempt", message.attempt);
}

void check(Checker& checker, const ResultAck& message) {
  checker.id("result_ack.attempt", message.attempt);
}

void check(Checker& checker, const Cancel& message) {
  checker.id("cancel.attempt", message.attempt);
  checker.duration("cancel.grace", message.grace);
}

void check(Checker&, const Drain&) {}

/// Makes one text fit for people on the other side.
void repair_text(std::string& text) {
  if (text.size() > limits::kMaxResultMessageBytes || !is_utf8(text)) {
    text = clip_to_utf8(text, limits::kMaxResultMessageBytes);
  }
}

void repair_errors(Outcomes& outcomes) {
  for (model::StreamOutcome& outcome : outcomes.entries) {
    if (outcome.error.size() > limits::kMaxStreamErrorBytes || !is_utf8(outcome.error)) {
      outcome.error = clip_to_utf8(outcome.error, limits::kMaxStreamErrorBytes);
    }
  }
}

template <typename Message>
Result<void> validate_any(const Message& message) {
  Checker checker;
  std::visit([&checker](const auto& one) { check(checker, one); }, message);
  return checker.verdict();
}

}  // namespace

Result<void> validate(const WorkerMessage& message) {
  return validate_any(message);
}

Result<void> validate(const SchedulerMessage& message) {
  return validate_any(message);
}

Result<void> validate(const Log& message) {
  Checker checker;
  checker.id("log.attempt", message.attempt);
  checker.require("log.stream", message.stream <= LogStream::kStderr, "is unknown");
  checker.limit("log.bytes", message.bytes.size(), limits::kMaxLogChunkBytes);
  checker.limit("log.offset", message.offset, limits::kMaxLogBytesPerAttempt);
  checker.limit(
      "log.final_length", message.final_length.value_or(0), limits::kMaxLogBytesPerAttempt);
  return checker.verdict();
}

Result<void> validate(const LogAck& message) {
  Checker checker;
  checker.id("log_ack.attempt", message.attempt);
  checker.require("log_ack.stream", message.stream <= LogStream::kStderr, "is unknown");
  return checker.verdict();
}

void repair(WorkerMessage& message) {
  if (auto* const rejected = std::get_if<Rejected>(&message)) {
    repair_text(rejected->reason);
  }
  if (auto* const outcomes = std::get_if<Outcomes>(&message)) {
    repair_errors(*outcomes);
  }
  if (auto* const report = std::get_if<ResultReport>(&message)) {
    repair_text(report->outcome.message);
    if (report->outcome.warnings.size() > kMaxWarnings) {
      report->outcome.warnings.resize(kMaxWarnings);
    }
    for (std::string& warning : report->outcome.warnings) {
      repair_text(warning);
    }
  }
}

void repair(SchedulerMessage& message) {
  if (auto* const refused = std::get_if<Refused>(&message)) {
    repair_text(refused->reason);
  }
  if (auto* const ack = std::get_if<ValuesAck>(&message)) {
    repair_text(ack->refusal);
  }
}

}  // namespace sheaf::wire
