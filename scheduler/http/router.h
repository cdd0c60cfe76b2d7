// The route table: which method and path leads where, and who may go there. Deny by default: a path
// that is not in the table, and every route that is not open, needs a token before anything else is
// said about it. Threads: built before the server starts, then read only.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scheduler/http/message.h"

namespace sheaf::http {

/// Who may use a route.
enum class Access {
  kOpen,     ///< Anybody.
  kUser,     ///< The user token.
  kAttempt,  ///< The user token, or an attempt's token: the handler checks what it may see.
  kHook,     ///< Anybody; the handler verifies the hook's own signature over the body.
};

/// What body a route takes.
enum class BodyKind {
  kNone,    ///< None; one that is sent is refused.
  kJson,    ///< In memory, at most limits::kMaxSettingsBytes.
  kHook,    ///< In memory, at most limits::kMaxHookBodyBytes.
  kStream,  ///< Into a sink, at most limits::kMaxBlobBytes; Content-Length needed.
};

using Handler = std::function<void(const Call&, Respond)>;
/// Where a streamed body goes; or the answer right away, body unread.
using OpenSink = std::function<std::variant<std::unique_ptr<BodySink>, Response>(const Call&)>;

struct Route {
  std::string method;
  /// "/api/sheaf/v1/runs/{run}": literals match byte for byte, a placeholder one segment.
  std::string pattern;
  Access access = Access::kUser;
  BodyKind body = BodyKind::kNone;
  Handler handler;     ///< For all but kStream.
  OpenSink open_sink;  ///< For kStream.
};

/// What the table says about a request.
struct Match {
  const Route* route = nullptr;           ///< The route of this path and method, if any.
  std::vector<std::string> placeholders;  ///< Decoded.
  std::string allow;  ///< Methods of this path, "GET, PUT"; empty: unknown path.
};

class Router {
 public:
  /// REQUIRES: no other route has the same method and pattern.
  void add(Route route);

  /// A route whose handler answers at once.
  void add(std::string method,
           std::string pattern,
           Access access,
           BodyKind body,
           std::function<Response(const Call&)> handler);

  [[nodiscard]] Match match(std::string_view method, const Target& target) const;

  /// Every route; for tests and documentation.
  [[nodiscard]] std::span<const Route> routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> patterns_;  ///< Segments of each route's pattern.
};

}  // namespace sheaf::http
