// The body of a deployment: read, compiled and checked as far as that goes without the store.
#pragma once

#include <string_view>

#include "common/base/result.h"
#include "scheduler/core/command.h"

namespace sheaf::http {

/// Fails with kInvalid or kUnsupported and a message that begins with the place, such as
/// "jobs.wine.tasks[2].task_key: …". Reads zone files of this machine for schedules.
[[nodiscard]] Result<core::Deploy> read_deployment(std::string_view body,
                                                   std::string_view principal);

}  // namespace sheaf::http
