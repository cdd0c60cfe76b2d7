#include "tests/sim/stream_script.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sheaf::sim {
namespace {

/// In the order in which the process takes them.
std::vector<std::uint32_t> draw_order(Dice& dice, const model::AttemptSpec& spec) {
  std::vector<std::uint32_t> order;
  order.reserve(spec.stream.size());
  for (const model::StreamInput& input : spec.stream) {
    order.push_back(input.index);
  }
  if (dice.chance(30)) {
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[dice.below(left)]);
    }
  }
  return order;
}

StreamLine draw_outcome(Dice& dice,
                        const model::AttemptSpec& spec,
                        std::uint32_t index,
                        std::size_t failures) {
  const bool fails = dice.chance(failures);
  std::string error;
  if (fails && dice.chance(80)) {
    error = "input " + std::to_string(index) + " failed in attempt " + to_string(spec.attempt);
  }
  return {.outcome = {.index = index, .is_success = !fails, .error = std::move(error)}};
}

}  // namespace

std::vector<ScriptedLine> draw_script(Dice& dice,
                                      const model::AttemptSpec& spec,
                                      Milliseconds length,
                                      bool works_to_the_end) {
  std::vector<ScriptedLine> script;
  if (dice.chance(70)) {
    script.push_back({.after = length / 20, .line = {.is_ready = true}});
  }
  const std::array<std::size_t, 4> rates{0, 5, 20, 60};
  const std::size_t failures = dice.pick(rates);
  const bool is_sloppy = dice.chance(25);
  const std::vector<std::uint32_t> order = draw_order(dice, spec);
  const std::size_t count = works_to_the_end ? order.size() : dice.below(order.size() + 1);
  for (std::size_t i = 0; i < count; ++i) {
    const Milliseconds after = length / 20 + length * static_cast<std::int64_t>(i + 1) * 18 /
                                                 static_cast<std::int64_t>(20 * (count + 1));
    if (is_sloppy && dice.chance(10)) {
      continue;
    }
    script.push_back({.after = after, .line = draw_outcome(dice, spec, order[i], failures)});
    if (is_sloppy && dice.chance(10)) {
      const std::uint32_t index = dice.chance(70) ? order[dice.below(i + 1)] : 10'000'000;
      script.push_back({.after = after, .line = draw_outcome(dice, spec, index, 50)});
    }
  }
  return script;
}

}  // namespace sheaf::sim
