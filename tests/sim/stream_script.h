// What the process of a stream will write, drawn when it begins.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/model/attempt.h"
#include "tests/sim/dice.h"

namespace sheaf::sim {

/// A line of SHEAF_STREAM_OUTPUT.
struct StreamLine {
  bool is_ready = false;
  model::StreamOutcome outcome;  ///< Otherwise.
};

struct ScriptedLine {
  Milliseconds after{0};  ///< Since the process began.
  StreamLine line;
};

/// The lines of a process that works for `length` and then exits with 0 (`works_to_the_end`: it has
/// come to every input by then) or ends otherwise, after any number of inputs. Some of them say
/// nothing, say something twice, or speak of inputs that they were not given.
[[nodiscard]] std::vector<ScriptedLine> draw_script(Dice& dice,
                                                    const model::AttemptSpec& spec,
                                                    Milliseconds length,
                                                    bool works_to_the_end);

}  // namespace sheaf::sim
