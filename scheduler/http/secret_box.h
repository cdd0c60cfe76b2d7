// Sealing of secrets that the store keeps: XChaCha20-Poly1305 under a key that stands beside the
// store, never in it, so that a copied store tells nothing. Threads: any.
#pragma once

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::http {

class SecretBox {
 public:
  /// Takes the key at `<folder>/secrets.key` (0600), making it at first use.
  [[nodiscard]] static Result<SecretBox> open(const std::filesystem::path& folder);

  /// `secret` sealed for `purpose` (which secret it is): it opens for no other.
  [[nodiscard]] std::string seal(std::string_view secret, std::string_view purpose) const;

  /// Fails with kCorrupt when the text was not sealed by this key for this purpose.
  [[nodiscard]] Result<std::string> unseal(std::string_view sealed, std::string_view purpose) const;

 private:
  using Key = std::array<unsigned char, 32>;
  explicit SecretBox(const Key& key) : key_(key) {}

  Key key_;
};

}  // namespace sheaf::http
