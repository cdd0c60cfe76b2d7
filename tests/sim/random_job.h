// Random jobs, as the settings documents that a client sends. A new kind of task gets a row in
// kKinds (random_job.cc) and a rule in the oracle.
#pragma once

#include <string>
#include <vector>

#include "tests/sim/dice.h"

namespace sheaf::sim {

/// What a deployment of the story may contain now.
enum class Season { kStorm, kQuiet };

struct JobPlan {
  std::string name;
  Season season = Season::kStorm;
  std::vector<std::string> linkable;  ///< Keys of jobs that it may start.
  bool has_room = false;              ///< Its runs never wait for each other.
};

/// A document that common/model accepts. In the quiet season nothing starts by itself and every
/// queue moves.
[[nodiscard]] std::string random_job(Dice& dice, const JobPlan& plan);

}  // namespace sheaf::sim
