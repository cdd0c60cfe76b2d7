// Answers of the API: JSON bodies, and the one table from error codes to HTTP statuses.
#pragma once

#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

#include "common/base/error.h"
#include "scheduler/http/message.h"

namespace sheaf::http {

/// 200 (or `status`) with this JSON.
[[nodiscard]] Response json_response(const boost::json::value& body, unsigned status = 200);

/// `{"error_code": …, "message": …}` with the status and code of the public API for `error`.
[[nodiscard]] Response error_response(const Error& error);

/// For what ErrorCode has no word for: 401, 405, 411, 413, 507 and framing errors.
[[nodiscard]] Response error_response(unsigned status,
                                      std::string_view error_code,
                                      std::string_view message);

/// 401, the same for every reason.
[[nodiscard]] Response unauthenticated_response();

}  // namespace sheaf::http
