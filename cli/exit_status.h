// The exit status of every command; scripts rely on it.
#pragma once

#include "common/base/error.h"

namespace sheaf::cli {

enum class ExitStatus : int {
  kSuccess = 0,
  kRunFailed = 1,  ///< The command did what it should; the run that it waited for did not succeed.
  kRefused = 2,    ///< Usage, configuration, or refused by the scheduler.
  kUnreachable = 3,  ///< No scheduler answers.
};

/// The status of a command that ended in an error: kUnreachable for kUnavailable and kTimeout, else
/// kRefused.
[[nodiscard]] ExitStatus exit_status_of(ErrorCode code);

}  // namespace sheaf::cli
