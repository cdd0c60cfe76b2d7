#include "common/model/webhook_secret.h"

#include <sodium.h>

namespace sheaf::model {

std::optional<std::string> decode_base64(std::string_view text) {
  std::string decoded(text.size() / 4 * 3 + 3, '\0');
  std::size_t length = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(decoded.data()),
                        decoded.size(),
                        text.data(),
                        text.size(),
                        nullptr,
                        &length,
                        &end,
                        sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  decoded.resize(length);
  return decoded;
}

Result<std::string> webhook_key(std::string_view secret) {
  constexpr std::string_view kPrefix = "whsec_";
  if (secret.empty()) {
    return fail(ErrorCode::kInvalid, "a webhook's secret must not be empty");
  }
  if (!secret.starts_with(kPrefix)) {
    return std::string(secret);
  }
  auto key = decode_base64(secret.substr(kPrefix.size()));
  if (!key || key->empty()) {
    return fail(ErrorCode::kInvalid, "behind \"whsec_\" a webhook's secret must be valid base64");
  }
  return *std::move(key);
}

}  // namespace sheaf::model
