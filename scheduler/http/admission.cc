#include "scheduler/http/admission.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "scheduler/http/answers.h"

namespace sheaf::http {
namespace {

std::ptrdiff_t count(const Headers& headers, std::string_view name) {
  return std::count_if(
      headers.begin(), headers.end(), [&](const auto& field) { return field.first == name; });
}

bool has_folded_line(std::string_view raw) {
  return raw.find("\n ") != std::string_view::npos || raw.find("\n\t") != std::string_view::npos;
}

Response bad_request(std::string_view message) {
  return error_response(400, "INVALID_PARAMETER_VALUE", message);
}

bool may_pass(Access access, const std::optional<Identity>& identity) {
  switch (access) {
    case Access::kOpen:
    case Access::kHook:
      return true;
    case Access::kUser:
    case Access::kAttempt:
      return identity.has_value();
  }
  check_failed(__FILE__, __LINE__, "access", "not an Access");
}

}  // namespace

std::optional<Response> check_framing(const Head& head) {
  if (head.version != 11 && head.version != 10) {
    return error_response(505, "INVALID_PARAMETER_VALUE", "only HTTP/1.1 is spoken here");
  }
  if (count(head.headers, "transfer-encoding") != 0) {
    return error_response(
        411, "INVALID_PARAMETER_VALUE", "Transfer-Encoding is not taken; send a Content-Length");
  }
  if (count(head.headers, "content-length") > 1) {
    return bad_request("more than one Content-Length");
  }
  if (count(head.headers, "host") != 1) {
    return bad_request("exactly one Host is needed");
  }
  if (has_folded_line(head.raw)) {
    return bad_request("a header line is folded");
  }
  if (head.headers.size() > kMaxHeaderFields) {
    return error_response(431, "INVALID_PARAMETER_VALUE", "too many header fields");
  }
  if (head.target.size() > kMaxTargetBytes) {
    return error_response(414, "INVALID_PARAMETER_VALUE", "the URL is longer than 4 KiB");
  }
  return std::nullopt;
}

std::variant<Admitted, Response> admit(const Router& router,
                                       const Authenticate& authenticate,
                                       const Request& request) {
  auto match = router.match(request.method, request.target);
  const auto authorization = find_header(request.headers, "authorization");
  auto identity = authorization ? authenticate(*authorization) : std::nullopt;
  const Access access = match.route != nullptr ? match.route->access : Access::kUser;
  if (!may_pass(access, identity)) {
    return unauthenticated_response();
  }
  if (match.allow.empty()) {
    return error_response(404, "RESOURCE_DOES_NOT_EXIST", "There is no such route.");
  }
  if (match.route == nullptr) {
    auto response = error_response(
        405, "INVALID_PARAMETER_VALUE", "This path takes another method: " + match.allow + ".");
    response.headers.emplace_back("Allow", match.allow);
    return response;
  }
  const bool is_attempt = identity && identity->kind == Identity::Kind::kAttempt;
  if (access == Access::kUser && is_attempt) {
    return error_response(403, "PERMISSION_DENIED", "An attempt's token may not do this.");
  }
  return Admitted{.route = match.route,
                  .identity = identity.value_or(Identity{}),
                  .placeholders = std::move(match.placeholders)};
}

std::uint64_t max_body_bytes(BodyKind kind) {
  switch (kind) {
    case BodyKind::kNone:
      return 0;
    case BodyKind::kJson:
      return limits::kMaxSettingsBytes;
    case BodyKind::kHook:
      return limits::kMaxHookBodyBytes;
    case BodyKind::kStream:
      return limits::kMaxBlobBytes;
  }
  check_failed(__FILE__, __LINE__, "kind", "not a BodyKind");
}

std::optional<Response> check_body(BodyKind kind, std::optional<std::uint64_t> length) {
  if (kind == BodyKind::kStream && !length) {
    return error_response(411, "INVALID_PARAMETER_VALUE", "a Content-Length is needed");
  }
  if (length.value_or(0) > max_body_bytes(kind)) {
    return error_response(413, "INVALID_PARAMETER_VALUE", "the body is too long");
  }
  return std::nullopt;
}

}  // namespace sheaf::http
