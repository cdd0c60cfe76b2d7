#include "common/wire/frame.h"

#include <climits>
#include <iterator>
#include <utility>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/wire/convert.h"
#include "common/wire/frame.pb.h"
#include "common/wire/validate.h"

namespace sheaf::wire {
namespace {

constexpr std::size_t kPrefixBytes = 4;
// Three varints of at most ten bytes with their tags, and the prefix.
constexpr std::size_t kMaxHeaderBytes = kPrefixBytes + 3 * 11;
constexpr std::size_t kMaxMessagesPerFrame = 10'000;
constexpr std::size_t kMaxLogFrameBytes = limits::kMaxLogChunkBytes + (64u << 10);
static_assert(limits::kMaxControlMessageBytes <= INT_MAX && kMaxLogFrameBytes <= INT_MAX);

template <typename Message>
struct Form;
template <>
struct Form<WorkerMessage> {
  using Proto = proto::WorkerFrame;
  static constexpr FrameKind kKind = FrameKind::kWorker;
};
template <>
struct Form<SchedulerMessage> {
  using Proto = proto::SchedulerFrame;
  static constexpr FrameKind kKind = FrameKind::kScheduler;
};
template <>
struct Form<Log> {
  using Proto = proto::LogFrame;
  static constexpr FrameKind kKind = FrameKind::kLog;
};
template <>
struct Form<LogAck> {
  using Proto = proto::LogAckFrame;
  static constexpr FrameKind kKind = FrameKind::kLogAck;
};

// A serialized protobuf message may be written in pieces: the header fields first, then each
// element of `messages` as a frame that holds nothing else. So a message is encoded once, wherever
// it ends up.
std::string start_frame(FrameKind kind, const FrameHeader& header) {
  SHEAF_CHECK(header.version <= UINT8_MAX, "a frame's version is one byte");
  std::string bytes{'S', 'H', static_cast<char>(kind), static_cast<char>(header.version)};
  proto::LogAckFrame fields;  // The header fields are the same in every kind.
  fields.set_epoch(header.epoch);
  fields.set_session(header.session);
  fields.set_sequence(header.sequence);
  bytes += fields.SerializeAsString();
  return bytes;
}

template <typename Message>
Result<std::string> encode_piece(const Message& message) {
  if (Result<void> valid = validate(message); !valid) {
    return fail(valid.error());
  }
  typename Form<Message>::Proto frame;
  to_proto(message, *frame.add_messages());
  if (frame.ByteSizeLong() > max_frame_bytes(Form<Message>::kKind) - kMaxHeaderBytes) {
    return fail(
        ErrorCode::kExhausted,
        "a message of " + std::to_string(frame.ByteSizeLong()) + " bytes is too large for a frame");
  }
  return frame.SerializeAsString();
}

template <typename Message>
Result<std::string> encode_frame(const Frame<Message>& frame) {
  std::string bytes = start_frame(Form<Message>::kKind, frame.header);
  for (const Message& message : frame.messages) {
    Result<std::string> piece = encode_message(message);
    if (!piece) {
      return fail(piece.error());
    }
    bytes += *piece;
  }
  if (bytes.size() > max_frame_bytes(Form<Message>::kKind) ||
      frame.messages.size() > kMaxMessagesPerFrame) {
    return fail(ErrorCode::kExhausted, "the messages do not fit one frame");
  }
  return bytes;
}

Result<void> check_prefix(std::string_view bytes, FrameKind kind) {
  if (bytes.size() > max_frame_bytes(kind)) {
    return fail(ErrorCode::kExhausted,
                "a frame of " + std::to_string(bytes.size()) + " bytes is above the limit");
  }
  if (bytes.size() < kPrefixBytes || bytes.substr(0, 2) != "SH" ||
      bytes[2] != static_cast<char>(kind)) {
    return fail(ErrorCode::kCorrupt, "not a frame of this kind");
  }
  const auto version = static_cast<std::uint8_t>(bytes[3]);
  if (version < kMinVersion || version > kMaxVersion) {
    return fail(ErrorCode::kUnsupported,
                "a frame of protocol version " + std::to_string(version) + "; this build speaks " +
                    std::to_string(kMinVersion) + " to " + std::to_string(kMaxVersion));
  }
  return {};
}

/// What the sender calls invalid is corrupt to the receiver: no sender of ours lets it out.
Error as_received(const Error& error) {
  return {.code = error.code == ErrorCode::kInvalid ? ErrorCode::kCorrupt : error.code,
          .message = error.message};
}

template <typename Message, typename Proto>
Result<std::vector<Message>> decode_messages(const Proto& parsed) {
  if (static_cast<std::size_t>(parsed.messages_size()) > kMaxMessagesPerFrame) {
    return fail(ErrorCode::kExhausted, "too many messages in a frame");
  }
  std::vector<Message> messages;
  messages.reserve(static_cast<std::size_t>(parsed.messages_size()));
  for (const auto& entry : parsed.messages()) {
    std::optional<Message> message = from_proto(entry);
    if (!message) {
      return fail(ErrorCode::kCorrupt, "a message of unknown kind");
    }
    if (Result<void> valid = validate(*message); !valid) {
      return fail(as_received(valid.error()));
    }
    messages.push_back(*std::move(message));
  }
  return messages;
}

template <typename Message>
Result<Frame<Message>> decode_frame(std::string_view bytes) {
  if (Result<void> prefix = check_prefix(bytes, Form<Message>::kKind); !prefix) {
    return fail(prefix.error());
  }
  typename Form<Message>::Proto parsed;
  const std::string_view body = bytes.substr(kPrefixBytes);
  if (!parsed.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return fail(ErrorCode::kCorrupt, "a frame that does not parse");
  }
  Result<std::vector<Message>> messages = decode_messages<Message>(parsed);
  if (!messages) {
    return fail(messages.error());
  }
  return Frame<Message>{.header = {.version = static_cast<std::uint8_t>(bytes[3]),
                                   .epoch = parsed.epoch(),
                                   .session = parsed.session(),
                                   .sequence = parsed.sequence()},
                        .messages = *std::move(messages)};
}

}  // namespace

std::size_t max_frame_bytes(FrameKind kind) {
  const bool is_log = kind == FrameKind::kLog || kind == FrameKind::kLogAck;
  return is_log ? kMaxLogFrameBytes : limits::kMaxControlMessageBytes;
}

Result<std::string> encode_message(const WorkerMessage& message) {
  WorkerMessage repaired = message;
  repair(repaired);
  return encode_piece(repaired);
}

Result<std::string> encode_message(const SchedulerMessage& message) {
  SchedulerMessage repaired = message;
  repair(repaired);
  return encode_piece(repaired);
}

Result<std::string> encode_message(const Log& message) {
  return encode_piece(message);
}

Result<std::string> encode_message(const LogAck& message) {
  return encode_piece(message);
}

std::vector<std::string> make_frames(FrameKind kind,
                                     FrameHeader& header,
                                     const std::vector<std::string>& messages) {
  std::vector<std::string> frames;
  std::size_t in_frame = kMaxMessagesPerFrame;
  for (const std::string& message : messages) {
    if (in_frame == kMaxMessagesPerFrame ||
        frames.back().size() + message.size() > max_frame_bytes(kind)) {
      ++header.sequence;
      frames.push_back(start_frame(kind, header));
      in_frame = 0;
    }
    frames.back() += message;
    ++in_frame;
  }
  return frames;
}

Result<std::string> encode(const WorkerFrame& frame) {
  return encode_frame(frame);
}

Result<std::string> encode(const SchedulerFrame& frame) {
  return encode_frame(frame);
}

Result<std::string> encode(const LogFrame& frame) {
  return encode_frame(frame);
}

Result<std::string> encode(const LogAckFrame& frame) {
  return encode_frame(frame);
}

Result<WorkerFrame> decode_worker_frame(std::string_view bytes) {
  return decode_frame<WorkerMessage>(bytes);
}

Result<SchedulerFrame> decode_scheduler_frame(std::string_view bytes) {
  return decode_frame<SchedulerMessage>(bytes);
}

Result<LogFrame> decode_log_frame(std::string_view bytes) {
  return decode_frame<Log>(bytes);
}

Result<LogAckFrame> decode_log_ack_frame(std::string_view bytes) {
  return decode_frame<LogAck>(bytes);
}

std::vector<Values> split_values(Values whole) {
  // Half a frame an entry list: an entry of the largest size always fits beside what is there.
  constexpr std::size_t kMaxPartBytes = limits::kMaxControlMessageBytes / 2;
  Values part{.attempt = whole.attempt,
              .fence = whole.fence,
              .sequence = whole.sequence,
              .first = 0,
              .total = static_cast<std::uint32_t>(whole.entries.size()),
              .entries = {}};
  std::vector<Values> parts;
  std::size_t part_bytes = 0;
  for (model::TaskValue& entry : whole.entries) {
    if (part_bytes > kMaxPartBytes) {
      parts.push_back(part);
      part.first += static_cast<std::uint32_t>(part.entries.size());
      part.entries.clear();
      part_bytes = 0;
    }
    part_bytes += entry.key.size() + entry.json.size();
    part.entries.push_back(std::move(entry));
  }
  parts.push_back(std::move(part));
  return parts;
}

}  // namespace sheaf::wire
