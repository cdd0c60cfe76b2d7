#include "cli/exit_status.h"

namespace sheaf::cli {

ExitStatus exit_status_of(ErrorCode code) {
  const bool is_silent = code == ErrorCode::kUnavailable || code == ErrorCode::kTimeout;
  return is_silent ? ExitStatus::kUnreachable : ExitStatus::kRefused;
}

}  // namespace sheaf::cli
