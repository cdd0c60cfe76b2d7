// Random choices of a simulated world: one stream a concern, the same for a seed everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/base/time.h"

namespace sheaf::sim {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  /// SplitMix64, Steele, Lea and Flood, 2014.
  std::uint64_t next() {
    state_ += 0x9E37'79B9'7F4A'7C15u;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30u)) * 0xBF58'476D'1CE4'E5B9u;
    mixed = (mixed ^ (mixed >> 27u)) * 0x94D0'49BB'1331'11EBu;
    return mixed ^ (mixed >> 31u);
  }
  /// 0 … limit-1. REQUIRES: limit > 0.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }
  /// True in `percent` of 100 throws.
  bool chance(std::size_t percent) { return below(100) < percent; }
  /// True in `rate` of 10,000 throws.
  bool rarely(std::size_t rate) { return below(10'000) < rate; }
  /// From `least` to `most`, both included.
  Milliseconds between(Milliseconds least, Milliseconds most) {
    return least + Milliseconds(below(static_cast<std::size_t>((most - least).count()) + 1));
  }
  template <typename T>
  const T& pick(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }
  template <typename T, std::size_t kCount>
  const T& pick(const std::array<T, kCount>& choices) {
    return choices[below(kCount)];
  }
  /// An independent stream.
  Dice split() { return Dice(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace sheaf::sim
