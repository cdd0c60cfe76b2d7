// Random jobs: graphs with conditions, every run_if, retries, timeouts, queues.
#pragma once

#include <string>

#include "tests/property/dice.h"
#include "tests/support/builders.h"

namespace sheaf::property {

/// Up to `max_tasks` tasks, "t0" …, each depending on earlier ones; a quarter of them conditions.
[[nodiscard]] tests::JobBuilder random_job(Dice& dice,
                                           const std::string& name,
                                           std::size_t max_tasks);

/// The graph alone: no retries, timeouts, limits.
[[nodiscard]] tests::JobBuilder random_graph(Dice& dice,
                                             const std::string& name,
                                             std::size_t max_tasks);

}  // namespace sheaf::property
