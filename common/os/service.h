// What a daemon owes to whoever started it: readiness, a fed watchdog, and an end when asked.
//
// Two kinds of starter: a service manager (sd_notify) and `sheaf up` (a pipe for readiness, and a
// lifeline whose end of file means that the starter is gone).
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/os/file.h"

namespace sheaf::os {

/// Waits for the order to stop. Blocks SIGINT and SIGTERM in the calling thread, so create it
/// before any other thread; SIGPIPE is ignored.
class StopSignal {
 public:
  /// `lifeline` is a descriptor to watch for end of file, or -1.
  [[nodiscard]] static Result<StopSignal> open(int lifeline);

  /// Returns when SIGINT or SIGTERM came, or the lifeline ended; says which.
  [[nodiscard]] std::string wait() const;

 private:
  StopSignal(FileDescriptor signals, FileDescriptor lifeline)
      : signals_(std::move(signals)), lifeline_(std::move(lifeline)) {}

  FileDescriptor signals_;
  FileDescriptor lifeline_;
};

/// Writes `line` and a newline to `ready_descriptor` (unless it is -1) and closes it; tells the
/// service manager, if there is one, that the service is ready.
void report_ready(int ready_descriptor, std::string_view line);
void report_stopping();

/// Tells the service manager that the service lives. Cheap when there is none.
void feed_watchdog();

}  // namespace sheaf::os
