// Messages to and from their protobuf form; what a message must be beyond that, validate.h checks.
#pragma once

#include <optional>

#include "common/wire/messages.h"

namespace sheaf::wire {

namespace proto {
class WorkerMessage;
class SchedulerMessage;
class Log;
class LogAck;
}  // namespace proto

void to_proto(const WorkerMessage& message, proto::WorkerMessage& out);
void to_proto(const SchedulerMessage& message, proto::SchedulerMessage& out);
void to_proto(const Log& message, proto::Log& out);
void to_proto(const LogAck& message, proto::LogAck& out);

/// Absent: the message, or an enumerator in it, is one that this build does not know.
[[nodiscard]] std::optional<WorkerMessage> from_proto(const proto::WorkerMessage& in);
[[nodiscard]] std::optional<SchedulerMessage> from_proto(const proto::SchedulerMessage& in);
[[nodiscard]] std::optional<Log> from_proto(const proto::Log& in);
[[nodiscard]] std::optional<LogAck> from_proto(const proto::LogAck& in);

}  // namespace sheaf::wire
