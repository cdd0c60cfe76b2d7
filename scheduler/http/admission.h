// The gate before every handler, free of sockets: is the message framed as exactly one reader would
// read it, does its path exist, and may its sender go there.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <variant>

#include "scheduler/http/message.h"
#include "scheduler/http/router.h"

namespace sheaf::http {

inline constexpr std::size_t kMaxHeaderBytes = 8u << 10;
inline constexpr std::size_t kMaxTargetBytes = 4u << 10;
inline constexpr std::size_t kMaxHeaderFields = 100;

/// Who holds the value of an `Authorization` header, if anybody.
using Authenticate = std::function<std::optional<Identity>(std::string_view authorization)>;

/// A request's head as its parser understood it.
struct Head {
  std::string_view raw;  ///< As received, with the empty line.
  std::string_view method;
  std::string_view target;
  int version = 11;
  const Headers& headers;
};

/// The answer to a head that must not be processed; the connection ends with it. Refuses what two
/// readers could frame differently: any Transfer-Encoding, folded lines, several lengths, not
/// exactly one Host.
[[nodiscard]] std::optional<Response> check_framing(const Head& head);

/// A way in.
struct Admitted {
  const Route* route = nullptr;
  Identity identity;
  std::vector<std::string> placeholders;
};

/// The route and who asks, or the answer: first 401, only then 404 and 405.
[[nodiscard]] std::variant<Admitted, Response> admit(const Router& router,
                                                     const Authenticate& authenticate,
                                                     const Request& request);

/// Longest body that a route of this kind takes, bytes.
[[nodiscard]] std::uint64_t max_body_bytes(BodyKind kind);

/// The answer to a body that the route does not take; nullopt: it does. `length` is the
/// Content-Length.
[[nodiscard]] std::optional<Response> check_body(BodyKind kind,
                                                 std::optional<std::uint64_t> length);

}  // namespace sheaf::http
