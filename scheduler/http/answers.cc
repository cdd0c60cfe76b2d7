#include "scheduler/http/answers.h"

#include <boost/json.hpp>

#include "common/base/check.h"

namespace sheaf::http {
namespace {

struct HttpError {
  unsigned status;
  std::string_view code;
};

HttpError http_error(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
    case ErrorCode::kUnsupported:
      return {400, "INVALID_PARAMETER_VALUE"};
    case ErrorCode::kNotFound:
      return {404, "RESOURCE_DOES_NOT_EXIST"};
    case ErrorCode::kConflict:
      return {409, "RESOURCE_CONFLICT"};
    case ErrorCode::kUnauthorized:
      return {403, "PERMISSION_DENIED"};
    case ErrorCode::kUnavailable:
    case ErrorCode::kTimeout:
      return {503, "TEMPORARILY_UNAVAILABLE"};
    case ErrorCode::kExhausted:
      return {429, "REQUEST_LIMIT_EXCEEDED"};
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return {500, "INTERNAL_ERROR"};
  }
  check_failed(__FILE__, __LINE__, "code", "not an ErrorCode");
}

}  // namespace

Response json_response(const boost::json::value& body, unsigned status) {
  Response response;
  response.status = status;
  response.body = boost::json::serialize(body);
  return response;
}

Response error_response(unsigned status, std::string_view error_code, std::string_view message) {
  return json_response({{"error_code", error_code}, {"message", message}}, status);
}

Response error_response(const Error& error) {
  const auto [status, code] = http_error(error.code);
  auto response = error_response(status, code, error.message);
  if (status == 429 || status == 503) {
    response.headers.emplace_back("Retry-After", "1");
  }
  return response;
}

Response unauthenticated_response() {
  auto response = error_response(
      401, "UNAUTHENTICATED", "A valid token is needed: Authorization: Bearer <token>.");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace sheaf::http
