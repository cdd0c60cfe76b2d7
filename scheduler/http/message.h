// A request and its answer as routes see them: plain values, no sockets and no Beast.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/base/result.h"
#include "scheduler/http/target.h"

namespace sheaf::http {

/// Field names in lower case, values as received, in order.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// The value of the only field of this (lower-case) name; nullopt when it is absent or given twice.
[[nodiscard]] std::optional<std::string_view> find_header(const Headers& headers,
                                                          std::string_view name);

/// `text` with its ASCII letters in lower case.
[[nodiscard]] std::string to_lower(std::string_view text);

/// Who asks.
struct Identity {
  enum class Kind { kNone, kUser, kAttempt };
  Kind kind = Kind::kNone;
  std::string user_name;  ///< For kUser.
  AttemptId attempt;      ///< For kAttempt.
};

struct Request {
  std::string method;
  Target target;
  Headers headers;
  std::string body;  ///< Empty for routes that stream.
};

/// A request at its route. Lives until the answer is given or the handler's deadline passes: copy
/// what is needed later.
struct Call {
  const Request& request;
  Identity identity;
  /// Values of the route's {placeholders}, decoded, in order.
  std::vector<std::string> placeholders;
};

/// An answer's body that does not fit into memory. One thread at a time.
class BodySource {
 public:
  virtual ~BodySource() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  /// Fills at most `buffer`; 0 only at the end.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> buffer) = 0;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::unique_ptr<BodySource> source;  ///< Instead of `body` when set.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Gives the answer, once; any thread.
using Respond = std::function<void(Response)>;

/// Takes a request's body in pieces. One thread at a time; destroyed without finish() when the
/// client goes away.
class BodySink {
 public:
  virtual ~BodySink() = default;
  [[nodiscard]] virtual Result<void> write(std::string_view piece) = 0;
  [[nodiscard]] virtual Response finish() = 0;
};

}  // namespace sheaf::http
