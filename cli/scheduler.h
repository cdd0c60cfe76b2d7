// The HTTP side of a scheduler, as docs/api.md describes it, for one command.
// One thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "cli/endpoint.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/http_client/http_client.h"

namespace sheaf::cli {

/// What `/api/sheaf/v1/hello` says.
struct Hello {
  std::string version;
  std::string scheduler_id;
};

/// Asks once, without a token. Fails with kUnavailable when nobody answers, with kInvalid when
/// something other than a Sheaf scheduler does.
[[nodiscard]] Result<Hello> ask_hello(http_client::HttpClient& client, const WebAddress& address);

struct Call {
  std::string method = "GET";
  std::string path;  ///< With the query; parts that are not fixed are percent-encoded.
  std::string body = {};
  /// How long the scheduler may hold the answer back (`wait_ms` of the path).
  Milliseconds wait{0};
};

class Scheduler {
 public:
  /// Asks hello without a token first, so that the token goes to no other than the enrolled
  /// scheduler. Fails with kConflict when another scheduler answers.
  [[nodiscard]] static Result<Scheduler> connect(Endpoint endpoint);

  /// Without asking. REQUIRES: hello was asked over `client` for this endpoint.
  [[nodiscard]] static Scheduler after_hello(Endpoint endpoint, http_client::HttpClient client);

  /// The object that a 2xx answer holds. Any other answer is an Error with the scheduler's message:
  /// 4xx are kInvalid, kUnauthorized, kNotFound or kConflict, 503 is kUnavailable.
  [[nodiscard]] Result<boost::json::object> send(const Call& call);
  [[nodiscard]] Result<boost::json::object> get(std::string path);
  [[nodiscard]] Result<boost::json::object> post(std::string path, const boost::json::object& body);

  /// As send(), for requests with files or answers that are no JSON. `request.url` is a path.
  [[nodiscard]] Result<http_client::Response> send_raw(http_client::Request request);

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  Scheduler(Endpoint endpoint, http_client::HttpClient client)
      : endpoint_(std::move(endpoint)), client_(std::move(client)) {}

  Endpoint endpoint_;
  http_client::HttpClient client_;
};

/// The Error that an answer with an error status stands for.
[[nodiscard]] Error error_of_answer(const http_client::Response& response);

}  // namespace sheaf::cli
