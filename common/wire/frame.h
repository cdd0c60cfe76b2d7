// Frames: several messages in one ZeroMQ message, with the version, epoch, session and sequence
// that they share. Four kinds, one a direction and socket.
//
// A frame is 'S' 'H' kind version, then a protobuf message (frame.proto). Decoding trusts nothing:
// kind, version, sizes, list lengths, id ranges, enumerators and UTF-8 are checked, and a frame
// that fails any check is refused whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace sheaf::wire {

/// What all messages of a frame share.
struct FrameHeader {
  std::uint32_t version = kFirstVersion;
  std::uint64_t epoch = 0;    ///< Of the scheduler; a worker without a session says 0.
  std::uint64_t session = 0;  ///< 0: none yet.
  std::uint64_t sequence =
      0;  ///< Grows with each frame of a sender in a session; gaps show losses.
  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

template <typename Message>
struct Frame {
  FrameHeader header;
  std::vector<Message> messages;
  friend bool operator==(const Frame&, const Frame&) = default;
};

using WorkerFrame = Frame<WorkerMessage>;
using SchedulerFrame = Frame<SchedulerMessage>;
using LogFrame = Frame<Log>;
using LogAckFrame = Frame<LogAck>;

enum class FrameKind : std::uint8_t { kWorker = 1, kScheduler = 2, kLog = 3, kLogAck = 4 };

/// Largest frame of a kind, bytes; the socket's limit on messages must not be smaller.
[[nodiscard]] std::size_t max_frame_bytes(FrameKind kind);

/// One message in a form that can be put into any frame of its kind; see make_frames().
///
/// Fails with kExhausted when a list or text is above its limit, or the message alone is too large
/// for a frame, and with kInvalid on text that is not UTF-8. Reasons, result messages and warnings
/// are for people: they are clipped and repaired instead.
[[nodiscard]] Result<std::string> encode_message(const WorkerMessage& message);
[[nodiscard]] Result<std::string> encode_message(const SchedulerMessage& message);
[[nodiscard]] Result<std::string> encode_message(const Log& message);
[[nodiscard]] Result<std::string> encode_message(const LogAck& message);

/// Puts encoded messages of one kind into as few frames as their limit allows, in order. Each frame
/// has `header` with the next sequence number; `header.sequence` is left at the last one used.
[[nodiscard]] std::vector<std::string> make_frames(FrameKind kind,
                                                   FrameHeader& header,
                                                   const std::vector<std::string>& messages);

/// Which frames of one sender in one session are news: one that comes again, or after a later one,
/// is not. What it held is repeated in a later frame where it is still owed.
class FrameOrder {
 public:
  /// Whether the frame is to be taken.
  [[nodiscard]] bool take(std::uint64_t sequence) {
    if (sequence <= last_) {
      return false;
    }
    last_ = sequence;
    return true;
  }

 private:
  std::uint64_t last_ = 0;
};

/// The frame's bytes. Fails as encode_message(), and with kExhausted when they do not fit one
/// frame.
[[nodiscard]] Result<std::string> encode(const WorkerFrame& frame);
[[nodiscard]] Result<std::string> encode(const SchedulerFrame& frame);
[[nodiscard]] Result<std::string> encode(const LogFrame& frame);
[[nodiscard]] Result<std::string> encode(const LogAckFrame& frame);

/// The inverse of encode(). Fails with kCorrupt on bytes that no sender of ours makes, kUnsupported
/// on a version outside kMinVersion … kMaxVersion, kExhausted above a limit.
[[nodiscard]] Result<WorkerFrame> decode_worker_frame(std::string_view bytes);
[[nodiscard]] Result<SchedulerFrame> decode_scheduler_frame(std::string_view bytes);
[[nodiscard]] Result<LogFrame> decode_log_frame(std::string_view bytes);
[[nodiscard]] Result<LogAckFrame> decode_log_ack_frame(std::string_view bytes);

}  // namespace sheaf::wire
