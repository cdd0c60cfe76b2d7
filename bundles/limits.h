// What a bundle may cost to read: hostile or broken files end in an error, not in memory or time.
#pragma once

#include <cstddef>

namespace sheaf::bundles {

inline constexpr std::size_t kMaxFileBytes = 4u << 20;
inline constexpr std::size_t kMaxFiles = 1'000;
/// Of Python that one task leads to.
inline constexpr std::size_t kMaxScannedFiles = 5'000;
inline constexpr std::size_t kMaxDepth = 64;
/// Of one file with its aliases expanded, and of all that interpolation makes.
inline constexpr std::size_t kMaxNodes = 200'000;
/// References within the values of references.
inline constexpr std::size_t kMaxReferenceDepth = 11;
inline constexpr std::size_t kMaxTextBytes = 1u << 20;
inline constexpr std::size_t kMaxDiagnostics = 1'000;

}  // namespace sheaf::bundles
