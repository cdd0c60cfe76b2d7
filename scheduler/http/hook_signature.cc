#include "scheduler/http/hook_signature.h"

#include <array>

#include <sodium.h>

#include "common/base/limits.h"
#include "common/model/webhook_secret.h"
#include "scheduler/http/json_reading.h"

namespace sheaf::http {
namespace {

constexpr std::string_view kSignaturePrefix = "v1,";
constexpr std::string_view kBearer = "Bearer ";
constexpr std::size_t kMaxSignatures = 16;

using Mac = std::array<unsigned char, crypto_auth_hmacsha256_BYTES>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Mac sign(std::string_view key,
         std::string_view id,
         std::string_view timestamp,
         std::string_view body) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes(key), key.size());
  for (const std::string_view part :
       {id, std::string_view("."), timestamp, std::string_view("."), body}) {
    crypto_auth_hmacsha256_update(&state, bytes(part), part.size());
  }
  Mac mac{};
  crypto_auth_hmacsha256_final(&state, mac.data());
  return mac;
}

bool is_fresh(std::string_view timestamp, Timestamp now) {
  const auto seconds = parse_number(timestamp, "webhook-timestamp");
  if (!seconds || *seconds > kMaxPublicId / 1000) {
    return false;
  }
  const auto distance = std::chrono::abs(now - from_epoch_ms(*seconds * 1000));
  return distance <= limits::kHookTimestampTolerance;
}

/// True when one of the space-separated signatures is `expected`; looks at all of them.
bool has_signature(std::string_view list, const Mac& expected) {
  bool found = false;
  for (std::size_t i = 0; i < kMaxSignatures && !list.empty(); ++i) {
    const auto end = std::min(list.find(' '), list.size());
    const auto entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (!entry.starts_with(kSignaturePrefix)) {
      continue;
    }
    const auto mac = model::decode_base64(entry.substr(kSignaturePrefix.size()));
    if (mac && mac->size() == expected.size() &&
        sodium_memcmp(mac->data(), expected.data(), expected.size()) == 0) {
      found = true;
    }
  }
  return found;
}

bool is_genuine_standard(std::string_view secret,
                         const Headers& headers,
                         std::string_view body,
                         Timestamp now) {
  const auto id = find_header(headers, "webhook-id");
  const auto timestamp = find_header(headers, "webhook-timestamp");
  const auto signatures = find_header(headers, "webhook-signature");
  const auto key = model::webhook_key(secret);
  if (!id || !timestamp || !signatures || !key) {
    return false;
  }
  if (id->empty() || id->find('.') != std::string_view::npos || !is_fresh(*timestamp, now)) {
    return false;
  }
  return has_signature(*signatures, sign(*key, *id, *timestamp, body));
}

bool is_genuine_bearer(std::string_view secret, const Headers& headers) {
  const auto authorization = find_header(headers, "authorization");
  if (secret.empty() || !authorization || !authorization->starts_with(kBearer)) {
    return false;
  }
  const auto given = authorization->substr(kBearer.size());
  // Hashes have one length, so that comparing tells nothing about the secret's.
  Mac left{};
  Mac right{};
  crypto_generichash(left.data(), left.size(), bytes(given), given.size(), nullptr, 0);
  crypto_generichash(right.data(), right.size(), bytes(secret), secret.size(), nullptr, 0);
  return sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

}  // namespace

bool is_genuine_hook(model::HookSignature kind,
                     std::string_view secret,
                     const Headers& headers,
                     std::string_view body,
                     Timestamp now) {
  return kind == model::HookSignature::kBearer ? is_genuine_bearer(secret, headers)
                                               : is_genuine_standard(secret, headers, body, now);
}

bool is_usable_hook_secret(model::HookSignature kind, std::string_view secret) {
  return kind == model::HookSignature::kBearer ? !secret.empty()
                                               : model::webhook_key(secret).has_value();
}

}  // namespace sheaf::http
