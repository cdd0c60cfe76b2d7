// Is this request from the holder of the hook's secret? Decided over the raw bytes, before anything
// is parsed. Pure: the clock is passed in. Threads: any.
#pragma once

#include <string_view>

#include "common/base/time.h"
#include "common/model/job_settings.h"
#include "scheduler/http/message.h"

namespace sheaf::http {

/// True when `headers` carry a genuine and fresh proof for `body`.
///
/// Standard Webhooks: `webhook-id` without dots, `webhook-timestamp` within
/// limits::kHookTimestampTolerance of `now` either way, and one of the `v1` entries of
/// `webhook-signature` is right; a secret of the form `whsec_<base64>` is decoded, any other is
/// taken as it is. Bearer: `Authorization: Bearer <secret>`. An empty or undecodable secret proves
/// nothing. The comparison takes constant time. Source: Standard Webhooks specification 1.0,
/// "Signature scheme".
[[nodiscard]] bool is_genuine_hook(model::HookSignature kind,
                                   std::string_view secret,
                                   const Headers& headers,
                                   std::string_view body,
                                   Timestamp now);

/// Whether a text can serve as this kind's secret: not empty, and decodable if it claims to be
/// base64.
[[nodiscard]] bool is_usable_hook_secret(model::HookSignature kind, std::string_view secret);

}  // namespace sheaf::http
