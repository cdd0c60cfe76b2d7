// The part of the reference model that follows dependencies: selections and repairs.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "common/model/job_settings.h"

namespace sheaf::sim {

using TaskKeys = std::set<std::string>;

/// `keys` and all that they depend on, near or far.
[[nodiscard]] TaskKeys with_upstream(const model::JobSettings& settings, TaskKeys keys);
/// `keys` and all that depends on them.
[[nodiscard]] TaskKeys with_downstream(const model::JobSettings& settings, TaskKeys keys);

/// Tasks that `only` ("train", "+train", "train+", "+train+") leaves out; none where it is empty.
[[nodiscard]] TaskKeys left_out_tasks(const model::JobSettings& settings,
                                      const std::vector<std::string>& only);

}  // namespace sheaf::sim
