// CURVE keys and their files. Keys are Z85 text, 40 characters. A secret key file holds the secret
// alone and is readable by its owner only; the public key stands beside it in "<file>.pub".
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::transport {

struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

inline constexpr std::size_t kKeyTextBytes = 40;

/// A new pair from the system's random source.
[[nodiscard]] Result<KeyPair> generate_keys();

/// The pair of `secret_file`, made and stored durably (with its folders, 0700) when there is none.
///
/// Of several processes that do this at once, all get the same pair. Fails with kUnauthorized when
/// others may read the secret file, with kCorrupt when it holds no key.
[[nodiscard]] Result<KeyPair> load_or_create_keys(const std::filesystem::path& secret_file);

/// The public key in `file`. Fails with kNotFound or kCorrupt.
[[nodiscard]] Result<std::string> load_public_key(const std::filesystem::path& file);

/// Stores a public key so that a reader sees all of it or nothing.
[[nodiscard]] Result<void> store_public_key(const std::filesystem::path& file,
                                            std::string_view public_key);

/// True for 40 characters of Z85 that stand for 32 bytes.
[[nodiscard]] bool is_key(std::string_view text);

}  // namespace sheaf::transport
