// Random choices that are the same for a seed on every platform (the distributions of <random> are
// not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace sheaf::property {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}

  /// 0 … limit-1. REQUIRES: limit > 0.
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(engine_() % limit); }
  /// True in `percent` of 100 throws.
  bool chance(std::size_t percent) { return below(100) < percent; }
  template <typename T>
  const T& pick(const std::vector<T>& choices) {
    return choices[below(choices.size())];
  }

 private:
  std::mt19937_64 engine_;
};

/// Seeds of a property: 1 … `count`, or as many as the environment variable SHEAF_SEEDS says, or
/// the one in SHEAF_SEED.
[[nodiscard]] std::vector<std::uint64_t> seeds(std::uint64_t count);

}  // namespace sheaf::property
