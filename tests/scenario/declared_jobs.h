// The jobs that a scenario's `deploy` declares.
#pragma once

#include <string>
#include <vector>

#include "tests/support/builders.h"

namespace sheaf::scenario {

/// `job NAME [concurrent=N] [no-queue] [timeout=60s] [schedule="…"] [paused] [hook=NAME]
/// [on_failure=DESTINATION] [on_success=DESTINATION] [parameter=NAME:DEFAULT]`, each followed by
/// its tasks: `task KEY [after=a,c:true] [run_if=ALL_DONE] [retries=N] [interval=30s] [timeout=2s]
/// [retry_on_timeout] [disabled] [argument=TEXT]` or `condition KEY left=L op=EQUAL_TO right=R`.
[[nodiscard]] std::vector<tests::JobBuilder> declared_jobs(const std::vector<std::string>& lines);

}  // namespace sheaf::scenario
