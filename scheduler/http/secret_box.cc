#include "scheduler/http/secret_box.h"

#include <sodium.h>

#include "scheduler/http/tokens.h"

namespace sheaf::http {
namespace {

constexpr char kVersion = '\x01';
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes(std::string& text, std::size_t offset) {
  return reinterpret_cast<unsigned char*>(text.data() + offset);
}

}  // namespace

Result<SecretBox> SecretBox::open(const std::filesystem::path& folder) {
  auto key = open_key_file(folder / "secrets.key");
  if (!key) {
    return fail(key.error());
  }
  return SecretBox(*key);
}

std::string SecretBox::seal(std::string_view secret, std::string_view purpose) const {
  std::string sealed(1 + kNonceBytes + secret.size() + kTagBytes, '\0');
  sealed[0] = kVersion;
  randombytes_buf(bytes(sealed, 1), kNonceBytes);
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes(sealed, 1 + kNonceBytes),
                                             nullptr,
                                             bytes(secret),
                                             secret.size(),
                                             bytes(purpose),
                                             purpose.size(),
                                             nullptr,
                                             bytes(sealed, 1),
                                             key_.data());
  return sealed;
}

Result<std::string> SecretBox::unseal(std::string_view sealed, std::string_view purpose) const {
  if (sealed.size() < 1 + kNonceBytes + kTagBytes || sealed.front() != kVersion) {
    return fail(ErrorCode::kCorrupt, "a sealed secret has an unknown form");
  }
  const auto nonce = sealed.substr(1, kNonceBytes);
  const auto text = sealed.substr(1 + kNonceBytes);
  std::string secret(text.size() - kTagBytes, '\0');
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes(secret, 0),
                                                 nullptr,
                                                 nullptr,
                                                 bytes(text),
                                                 text.size(),
                                                 bytes(purpose),
                                                 purpose.size(),
                                                 bytes(nonce),
                                                 key_.data()) != 0) {
    return fail(ErrorCode::kCorrupt, "a sealed secret does not open with secrets.key");
  }
  return secret;
}

}  // namespace sheaf::http
