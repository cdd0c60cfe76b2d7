// Ships the logs of attempts to the scheduler, on a socket and thread of its own so that logs never
// delay heartbeats. Bytes are read from the attempt's files and are kept there until acknowledged;
// the scheduler's acknowledgement says where to go on, so that an agent needs no memory of its own.
// Threads: add(), finish(), begin_epoch() and remove() from the session's loop; everything else on
// the shipper's thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

#include "common/base/id.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/transport/dealer.h"

namespace sheaf::logs {

struct ShipperSettings {
  transport::DealerSettings connection;
  /// What is unacknowledged is sent again after this; when nothing is acknowledged for three of
  /// these the connection is opened anew.
  Milliseconds resend_after{2'000};
  /// Of the scheduler that was obeyed last: the acknowledgements of earlier ones do not count.
  std::uint64_t epoch = 0;
  /// Called on the shipper's thread when both logs of a finished attempt are acknowledged to the
  /// end, or of no interest to the scheduler; again in each later epoch.
  std::function<void(AttemptId)> on_shipped;
};

class LogShipper {
 public:
  [[nodiscard]] static Result<std::unique_ptr<LogShipper>> start(ShipperSettings settings);
  ~LogShipper();
  LogShipper(const LogShipper&) = delete;
  LogShipper& operator=(const LogShipper&) = delete;

  /// Ships what the files stdout and stderr in `folder` hold and will hold. They may not exist yet.
  void add(AttemptId attempt, const std::filesystem::path& folder);
  /// The files grow no more (or never came to be): ship the rest, then report.
  void finish(AttemptId attempt, const std::filesystem::path& folder);
  /// A scheduler of a later epoch is obeyed: it is asked anew about all logs, also about those that
  /// an earlier one did not want.
  void begin_epoch(std::uint64_t epoch);
  /// The attempt is forgotten: nothing of it is read any more.
  void remove(AttemptId attempt);

 private:
  class Loop;
  explicit LogShipper(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace sheaf::logs
