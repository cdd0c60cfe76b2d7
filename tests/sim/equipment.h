// What machines of a story may have, and tasks may ask for.
#pragma once

#include <array>
#include <cstddef>

namespace sheaf::sim::equipment {

inline constexpr std::size_t kMostCores = 8;
inline constexpr std::size_t kMostGibibytes = 16;
inline constexpr std::size_t kMostGpus = 4;
inline constexpr std::array<const char*, 3> kLabels{"fast-disk", "zone=a", "zone=b"};
/// Named by tasks; some have a limit, which changes.
inline constexpr std::array<const char*, 2> kPools{"database", "licence"};

}  // namespace sheaf::sim::equipment
