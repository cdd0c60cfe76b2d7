#include "scheduler/store/chain.h"

#include <array>
#include <cstddef>

#include <sodium.h>

namespace sheaf::store {

std::uint64_t chain_hash(std::uint64_t previous, std::string_view bytes) {
  std::array<unsigned char, sizeof(previous)> prefix{};
  for (std::size_t byte = 0; byte < prefix.size(); ++byte) {
    prefix[byte] = static_cast<unsigned char>((previous >> (8 * byte)) & 0xFFu);
  }
  ::crypto_generichash_state state;
  ::crypto_generichash_init(&state, nullptr, 0, crypto_generichash_BYTES_MIN);
  ::crypto_generichash_update(&state, prefix.data(), prefix.size());
  ::crypto_generichash_update(
      &state, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  std::array<unsigned char, crypto_generichash_BYTES_MIN> digest{};
  ::crypto_generichash_final(&state, digest.data(), digest.size());
  std::uint64_t hash = 0;
  for (std::size_t byte = 0; byte < sizeof(hash); ++byte) {
    hash |= static_cast<std::uint64_t>(digest[byte]) << (8 * byte);
  }
  return hash;
}

}  // namespace sheaf::store
