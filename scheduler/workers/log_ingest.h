// The log thread: bytes in, durable, acknowledged, in that order. Everything that arrived while the
// last fdatasync ran shares the next one.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "common/transport/poller.h"
#include "common/transport/router.h"
#include "common/wire/frame.h"
#include "scheduler/files/logs.h"
#include "scheduler/workers/attempt_owners.h"
#include "scheduler/workers/settings.h"

namespace sheaf::workers {

/// Needs no session: pieces name attempt and offset, and are taken from the worker alone that the
/// attempt was leased to, as its key tells. What cannot be written now is not answered, so the
/// worker repeats it. Threads: run() is the log thread.
class LogIngest {
 public:
  /// All outlive it.
  struct Parts {
    const Settings& settings;
    files::LogFiles& logs;
    AttemptOwners& owners;
    std::shared_ptr<transport::Wakeup> wakeup;
  };

  LogIngest(Parts parts, std::uint64_t epoch, transport::Router router);

  void run(const std::stop_token& stop);

 private:
  /// Where the acknowledgement of a log goes, and whether more of it is to come.
  struct Sender {
    std::string connection;
    std::optional<std::uint64_t> final_length;
  };
  using Acks = std::map<std::string, std::vector<wire::LogAck>>;  ///< By connection.

  [[nodiscard]] std::size_t receive(Acks& acks);
  void take(const transport::Received& received, const wire::Log& piece, Acks& acks);
  void append(const files::LogName& name, const std::string& connection, const wire::Log& piece);
  void make_durable(Acks& acks);
  void send(const Acks& acks);
  [[noreturn]] void die(const Error& error) const;

  Parts parts_;
  wire::FrameHeader header_;
  transport::Router router_;
  std::map<files::LogName, Sender> senders_;  ///< Of what is not durable yet.
  bool is_failing_ = false;
};

}  // namespace sheaf::workers
