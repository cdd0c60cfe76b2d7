// A blocking HTTP client over libcurl for the command line, the worker and the senders of alerts.
//
// It talks to the host of the URL and to no other: no redirects, no proxy, no credentials from
// files or the environment. Threads: a client belongs to one thread at a time; it keeps its
// connection open between requests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::http_client {

struct Request {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Sent instead of `body`, streamed.
  std::optional<std::filesystem::path> body_file;
  /// Receives the body of a 2xx answer instead of Response::body; created or truncated.
  std::optional<std::filesystem::path> answer_file;
  Milliseconds connect_timeout{5'000};
  Milliseconds timeout{60'000};
  std::size_t max_answer_bytes = 64u << 20;
  /// Asked about once a second, on the sending thread; true ends the transfer. Empty: never.
  std::function<bool()> is_cancelled;
};

struct Response {
  int status = 0;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  [[nodiscard]] bool is_success() const { return status >= 200 && status < 300; }
  /// The value of a header, or "".
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  /// Fails with kUnavailable when nobody answers, kTimeout at the deadline, kExhausted when the
  /// answer is too large. An answer with an error status is a success here.
  [[nodiscard]] Result<Response> send(const Request& request);

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

/// `text` with everything but unreserved characters percent-encoded.
[[nodiscard]] std::string percent_encoded(std::string_view text);

struct MailServer {
  std::string url;  ///< smtp://host:port or smtps://host:port
  std::string user;
  std::string password;
  bool requires_tls = false;
};

struct Mail {
  std::string from;
  std::vector<std::string> to;
  /// The whole message, headers and body, lines ended by CRLF.
  std::string message;
};

/// Hands a mail to the server. Errors as HttpClient::send(); kInvalid when the server refuses the
/// mail or an address for good (5xx), kUnavailable when it refuses the login. `is_cancelled` as
/// Request's.
[[nodiscard]] Result<void> send_mail(const MailServer& server,
                                     const Mail& mail,
                                     const std::function<bool()>& is_cancelled = {});

}  // namespace sheaf::http_client
