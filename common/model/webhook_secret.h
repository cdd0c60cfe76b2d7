// The secrets of Standard Webhooks, for those who sign and for those who verify. Pure.
// Source: Standard Webhooks specification 1.0, "Signature scheme".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::model {

/// The bytes that this base64 (RFC 4648, section 4, padded) stands for; nullopt: it is none.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

/// The key that a secret stands for: behind `whsec_` what its base64 decodes to, else the text as
/// it is. Fails with kInvalid when that is empty or no base64.
[[nodiscard]] Result<std::string> webhook_key(std::string_view secret);

}  // namespace sheaf::model
