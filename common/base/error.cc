#include "common/base/error.h"

#include "common/base/check.h"

namespace sheaf {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kConflict:
      return "conflict";
    case ErrorCode::kUnauthorized:
      return "unauthorized";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kExhausted:
      return "exhausted";
    case ErrorCode::kCorrupt:
      return "corrupt";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInternal:
      return "internal";
  }
  check_failed(__FILE__, __LINE__, "code", "not an ErrorCode");
}

Error Error::with_context(std::string_view context) const {
  return Error{.code = code, .message = std::string(context) + ": " + message};
}

}  // namespace sheaf
