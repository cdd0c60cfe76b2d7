#include "scheduler/workers/log_ingest.h"

#include <utility>

#include "common/base/check.h"
#include "common/base/failpoint.h"
#include "common/telemetry/log.h"

namespace sheaf::workers {
namespace {

using telemetry::Level;
using telemetry::log;

// Taken before the next fdatasync, so that acknowledgements keep coming under load.
constexpr std::size_t kMaxBytesATurn = 8U << 20U;
// Only a safety net: messages and the wakeup end the wait.
constexpr Milliseconds kLongestWait{60'000};

}  // namespace

LogIngest::LogIngest(Parts parts, std::uint64_t epoch, transport::Router router)
    : parts_(std::move(parts)),
      header_{.version = wire::kFirstVersion, .epoch = epoch},
      router_(std::move(router)) {}

void LogIngest::run(const std::stop_token& stop) {
  transport::Poller poller(parts_.wakeup);
  poller.add(router_);
  while (!stop.stop_requested()) {
    Acks acks;
    const std::size_t received = receive(acks);
    make_durable(acks);
    send(acks);
    if (received < kMaxBytesATurn) {
      poller.wait(kLongestWait);
    }
  }
}

std::size_t LogIngest::receive(Acks& acks) {
  std::size_t bytes = 0;
  while (bytes < kMaxBytesATurn) {
    const std::optional<transport::Received> received = router_.receive();
    if (!received) {
      return bytes;
    }
    bytes += received->bytes.size();
    const Result<wire::LogFrame> frame = wire::decode_log_frame(received->bytes);
    if (!frame) {
      log(Level::kWarning, "worker " + received->user + " sent, as log, " + frame.error().message);
      continue;
    }
    for (const wire::Log& piece : frame->messages) {
      take(*received, piece, acks);
    }
  }
  return bytes;
}

void LogIngest::take(const transport::Received& received, const wire::Log& piece, Acks& acks) {
  const Result<std::optional<AttemptOwner>> owner = parts_.owners.find(piece.attempt);
  if (!owner) {
    log(Level::kError, "a log is not taken: " + owner.error().message);
    return;
  }
  if (!owner->has_value() || (*owner)->worker != received.user) {
    acks[received.connection].push_back(
        {.attempt = piece.attempt, .stream = piece.stream, .is_unknown = true});
    return;
  }
  append({.run = (*owner)->run, .attempt = piece.attempt, .stream = piece.stream},
         received.connection,
         piece);
}

void LogIngest::append(const files::LogName& name,
                       const std::string& connection,
                       const wire::Log& piece) {
  const Result<std::uint64_t> held = parts_.logs.append(name, piece.offset, piece.bytes);
  if (!held) {
    if (held.error().code != ErrorCode::kExhausted) {
      die(held.error());  // What the disk holds of earlier pieces is unknown, too.
    }
    if (!std::exchange(is_failing_, true)) {
      log(Level::kError, "logs are not taken: " + held.error().message);
    }
    return;
  }
  is_failing_ = false;
  Sender& sender = senders_[name];
  sender.connection = connection;
  if (piece.final_length) {
    sender.final_length = piece.final_length;
  }
}

void LogIngest::make_durable(Acks& acks) {
  if (senders_.empty()) {
    return;
  }
  const Result<std::vector<files::SyncedLog>> synced = parts_.logs.sync();
  if (!synced) {
    die(synced.error());
  }
  for (const files::SyncedLog& one : *synced) {
    const auto found = senders_.find(one.name);
    if (found == senders_.end()) {
      continue;  // Its append failed after a part was written: the worker repeats the piece.
    }
    acks[found->second.connection].push_back({.attempt = one.name.attempt,
                                              .stream = one.name.stream,
                                              .offset = one.length,
                                              .credit = parts_.settings.log_credit});
    if (found->second.final_length && one.length >= *found->second.final_length) {
      parts_.logs.close(one.name);
    }
  }
  senders_.clear();
}

void LogIngest::die(const Error& error) const {
  parts_.settings.fatal(error);
  check_failed(__FILE__, __LINE__, "fatal", "must not return");
}

void LogIngest::send(const Acks& acks) {
  for (const auto& [connection, messages] : acks) {
    std::vector<std::string> encoded;
    encoded.reserve(messages.size());
    for (const wire::LogAck& ack : messages) {
      Result<std::string> bytes = wire::encode_message(ack);
      SHEAF_CHECK(bytes.has_value(), "an acknowledgement fits a frame");
      encoded.push_back(*std::move(bytes));
    }
    for (const std::string& frame : wire::make_frames(wire::FrameKind::kLogAck, header_, encoded)) {
      failpoint::reach("workers.before_send");
      // Lost with its connection, it comes again: the worker repeats what is not acknowledged.
      static_cast<void>(router_.send(connection, frame));
      failpoint::reach("workers.after_send");
    }
  }
}

}  // namespace sheaf::workers
