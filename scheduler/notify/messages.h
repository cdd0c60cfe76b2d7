// What an alert says: the webhook body, its signature and the mail. Pure.
#pragma once

#include <string>
#include <string_view>

#include "common/base/time.h"
#include "scheduler/core/records.h"

namespace sheaf::notify {

/// The installation that an alert comes from.
struct Origin {
  std::string scheduler_id;  ///< Stable over restarts, and no other installation's.
  std::string workspace_id;
  std::string scheduler_url;
};

/// The message id of every try: receivers that saw it before may drop it. Alerts are numbered in
/// each installation from one on, hence the scheduler's id.
[[nodiscard]] std::string message_id(const core::AlertRecord& alert, const Origin& origin);

/// The JSON body in the documented shape of job notifications, with the run's result added under
/// "sheaf".
[[nodiscard]] std::string webhook_body(const core::AlertRecord& alert, const Origin& origin);

/// `v1,<base64>` over "id.timestamp.body" (Standard Webhooks), with a key of model::webhook_key().
[[nodiscard]] std::string webhook_signature(std::string_view key,
                                            std::string_view id,
                                            std::string_view timestamp,
                                            std::string_view body);

/// A whole mail, lines ended by CRLF. Texts that come from users cannot add header lines.
[[nodiscard]] std::string mail_text(const core::AlertRecord& alert,
                                    std::string_view from,
                                    const Origin& origin);

}  // namespace sheaf::notify
