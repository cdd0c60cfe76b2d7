// Random jobs, as the settings documents that a client sends. A new kind of task gets a row in
// kKinds (random_job.cc) and a rule in the oracle.
#pragma once

#include <string>

#include "tests/sim/dice.h"

namespace sheaf::sim {

/// What a deployment of the story may contain now.
enum class Season { kStorm, kQuiet };

/// A document that common/model accepts. In the quiet season nothing starts by itself and every
/// queue moves.
[[nodiscard]] std::string random_job(Dice& dice, const std::string& name, Season season);

}  // namespace sheaf::sim
