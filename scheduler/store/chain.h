// The chain over the history: each batch's hash covers its events and the hash of the batch before.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace sheaf::store {

/// 64 bits of BLAKE2b over `previous` (eight bytes, least significant first) and `bytes`. It finds
/// damage and mix-ups; it is no proof against an attacker.
[[nodiscard]] std::uint64_t chain_hash(std::uint64_t previous, std::string_view bytes);

}  // namespace sheaf::store
