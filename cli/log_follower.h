// `logs -f`: what the attempts of a run write, while they write it.
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "cli/attempt_log.h"
#include "cli/patient_scheduler.h"
#include "cli/run_view.h"
#include "common/base/result.h"

namespace sheaf::cli {

struct LogChoice {
  std::string task;                     ///< Empty: all tasks.
  std::optional<std::int64_t> attempt;  ///< None: the last one; with -f every one from then on.
};

/// The attempts of `task` that are meant: one, or none.
[[nodiscard]] const AttemptView* chosen_attempt(const TaskView& task, const LogChoice& choice);

/// Follows until the run has ended and all was read, or stdout takes no more. stdout of the
/// attempts goes to stdout, stderr to stderr; with more than one task each line begins with its
/// task's key.
class LogFollower {
 public:
  LogFollower(PatientScheduler& scheduler, LogChoice choice)
      : scheduler_(scheduler), choice_(std::move(choice)) {}

  [[nodiscard]] Result<void> follow(std::int64_t run_id);

 private:
  struct Source {
    std::string task;
    std::int64_t attempt = 0;
    AttemptLog log;
    std::string open_line;
  };

  void add_sources(const RunView& run);
  void add_source(const TaskView& task, const AttemptView& attempt);
  /// True when some source gave bytes.
  [[nodiscard]] Result<bool> read_sources();
  void write(Source& source, std::string_view bytes) const;
  [[nodiscard]] bool is_complete() const;

  PatientScheduler& scheduler_;
  LogChoice choice_;
  std::deque<Source> sources_;
};

}  // namespace sheaf::cli
