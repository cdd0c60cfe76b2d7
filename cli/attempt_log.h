// One output stream of one attempt, read piece by piece.
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "cli/patient_scheduler.h"
#include "cli/run_view.h"
#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::cli {

enum class LogStream { kStandardOutput, kStandardError };

class AttemptLog {
 public:
  AttemptLog(std::int64_t attempt, LogStream stream) : attempt_(attempt), stream_(stream) {}

  /// The bytes that follow, at most 1 MiB, none if there are none yet after `wait`.
  [[nodiscard]] Result<std::string> read(PatientScheduler& scheduler, Milliseconds wait);

  /// Nothing more will come.
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  [[nodiscard]] LogStream stream() const { return stream_; }

 private:
  std::int64_t attempt_;
  LogStream stream_;
  std::uint64_t offset_ = 0;
  bool is_complete_ = false;
};

/// Gives all of the stream to `take`, piece by piece. An attempt that has ended may still have
/// bytes on the way: waits for them while they come, but no longer than a few seconds for the next.
[[nodiscard]] Result<void> drain_log(PatientScheduler& scheduler,
                                     const AttemptView& attempt,
                                     LogStream stream,
                                     const std::function<void(std::string_view)>& take);

/// Writes what each task's last attempt wrote, under a heading: stdout of all, stderr of those that
/// did not succeed.
[[nodiscard]] Result<void> print_outputs(PatientScheduler& scheduler, const RunView& run);

/// Writes the stream to stdout; if its last line has no end, adds one.
[[nodiscard]] Result<void> print_log(PatientScheduler& scheduler,
                                     const AttemptView& attempt,
                                     LogStream stream);

/// "=== train: SUCCESS, 3.4 s, attempt 1 ===" and a newline.
[[nodiscard]] std::string heading_of(const TaskView& task, const AttemptView& attempt);

}  // namespace sheaf::cli
