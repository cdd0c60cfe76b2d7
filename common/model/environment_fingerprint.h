// A short name for what an environment installs, equal on scheduler and worker.
#pragma once

#include <cstdint>

#include "common/model/job_settings.h"

namespace sheaf::model {

/// Equal for environments of one version and equal dependency lines, whatever their keys; 0 for one
/// without dependencies, which costs nothing to build. A hint for placement only: two environments
/// may share a fingerprint, and nothing else may depend on it.
///
/// FNV-1a (Fowler, Noll, Vo), 64 bits; O(bytes of the dependency lines).
[[nodiscard]] std::uint64_t environment_fingerprint(const EnvironmentSettings& environment);

}  // namespace sheaf::model
