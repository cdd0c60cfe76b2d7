#include "common/wire/convert.h"
#include "common/wire/frame.pb.h"

namespace sheaf::wire {
namespace {

std::optional<LogStream> to_stream(std::uint32_t value) {
  switch (value) {
    case 0:
      return LogStream::kStdout;
    case 1:
      return LogStream::kStderr;
    default:
      return std::nullopt;
  }
}

}  // namespace

void to_proto(const Log& message, proto::Log& out) {
  out.set_attempt(message.attempt.value);
  out.set_stream(static_cast<std::uint32_t>(message.stream));
  out.set_offset(message.offset);
  out.set_bytes(message.bytes);
  if (message.final_length) {
    out.set_final_length(*message.final_length);
  }
}

void to_proto(const LogAck& message, proto::LogAck& out) {
  out.set_attempt(message.attempt.value);
  out.set_stream(static_cast<std::uint32_t>(message.stream));
  out.set_offset(message.offset);
  out.set_credit(message.credit);
  out.set_is_unknown(message.is_unknown);
}

std::optional<Log> from_proto(const proto::Log& in) {
  const std::optional<LogStream> stream = to_stream(in.stream());
  if (!stream) {
    return std::nullopt;
  }
  Log message{.attempt = AttemptId{in.attempt()},
              .stream = *stream,
              .offset = in.offset(),
              .bytes = in.bytes(),
              .final_length = {}};
  if (in.has_final_length()) {
    message.final_length = in.final_length();
  }
  return message;
}

std::optional<LogAck> from_proto(const proto::LogAck& in) {
  const std::optional<LogStream> stream = to_stream(in.stream());
  if (!stream) {
    return std::nullopt;
  }
  return LogAck{.attempt = AttemptId{in.attempt()},
                .stream = *stream,
                .offset = in.offset(),
                .credit = in.credit(),
                .is_unknown = in.is_unknown()};
}

}  // namespace sheaf::wire
