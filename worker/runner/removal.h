// Deleting attempt folders so that no crash leaves a half-deleted one that looks like an attempt.
#pragma once

#include <filesystem>

#include "common/base/result.h"
#include "worker/runner/attempt_folder.h"

namespace sheaf::runner {

/// Renames the folder out of sight, then deletes it. A missing one is success.
[[nodiscard]] Result<void> remove_attempt(const std::filesystem::path& attempts_folder,
                                          const AttemptFolder& folder);

/// Deletes what earlier removals had renamed but not yet deleted. What cannot be deleted is logged
/// and stays.
[[nodiscard]] Result<void> sweep_removed(const std::filesystem::path& attempts_folder);

}  // namespace sheaf::runner
