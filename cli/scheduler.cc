#include "cli/scheduler.h"

#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

constexpr std::string_view kHelloPath = "/api/sheaf/v1/hello";
constexpr Milliseconds kAnswerTimeout{30'000};

ErrorCode code_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::kUnauthorized;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 413:
    case 429:
    case 507:
      return ErrorCode::kExhausted;
    case 503:
      return ErrorCode::kUnavailable;
    default:
      return status >= 400 && status < 500 ? ErrorCode::kInvalid : ErrorCode::kInternal;
  }
}

}  // namespace

Result<Hello> ask_hello(http_client::HttpClient& client, const WebAddress& address) {
  const auto response = client.send({.url = address.url() + std::string(kHelloPath),
                                     .timeout = Milliseconds{10'000},
                                     .max_answer_bytes = 64u << 10});
  if (!response) {
    return fail(response.error());
  }
  const auto object = parse_object(response->body, address.url());
  if (!response->is_success() || !object || text_at(*object, "product") != "sheaf") {
    return fail(ErrorCode::kInvalid,
                address.url() + " is not a Sheaf scheduler: " + std::string(kHelloPath) +
                    " answered with status " + std::to_string(response->status) +
                    " and does not say so");
  }
  return Hello{.version = text_at(*object, "version"),
               .scheduler_id = text_at(*object, "scheduler_id")};
}

Result<Scheduler> Scheduler::connect(Endpoint endpoint) {
  http_client::HttpClient client;
  const auto hello = ask_hello(client, endpoint.address);
  if (!hello) {
    return fail(hello.error());
  }
  if (!endpoint.scheduler_id.empty() && hello->scheduler_id != endpoint.scheduler_id) {
    return fail(ErrorCode::kConflict,
                endpoint.address.url() + " is scheduler " + hello->scheduler_id +
                    " now, not the enrolled " + endpoint.scheduler_id +
                    ": if that is right, enrol it with `sheaf auth login " +
                    endpoint.address.url() + "`");
  }
  return after_hello(std::move(endpoint), std::move(client));
}

Scheduler Scheduler::after_hello(Endpoint endpoint, http_client::HttpClient client) {
  return {std::move(endpoint), std::move(client)};
}

Result<boost::json::object> Scheduler::send(const Call& call) {
  http_client::Request request{.method = call.method,
                               .url = call.path,
                               .body = call.body,
                               .timeout = call.wait + kAnswerTimeout};
  if (!call.body.empty()) {
    request.headers.emplace_back("Content-Type", "application/json");
  }
  const auto response = send_raw(std::move(request));
  if (!response) {
    return fail(response.error());
  }
  return parse_object(response->body, call.method + " " + call.path);
}

Result<boost::json::object> Scheduler::get(std::string path) {
  return send({.path = std::move(path)});
}

Result<boost::json::object> Scheduler::post(std::string path, const boost::json::object& body) {
  return send({.method = "POST", .path = std::move(path), .body = boost::json::serialize(body)});
}

Result<http_client::Response> Scheduler::send_raw(http_client::Request request) {
  request.url.insert(0, endpoint_.address.url());
  request.headers.emplace_back("Authorization", "Bearer " + endpoint_.token);
  auto response = client_.send(request);
  if (response && !response->is_success()) {
    return fail(error_of_answer(*response));
  }
  return response;
}

Error error_of_answer(const http_client::Response& response) {
  const auto object = parse_object(response.body, "answer");
  std::string message = object ? text_at(*object, "message") : "";
  if (message.empty()) {
    message = "the scheduler answered with status " + std::to_string(response.status);
  }
  if (response.status == 401) {
    message += "; enrol the scheduler again with `sheaf auth login URL`";
  }
  return {.code = code_of_status(response.status), .message = std::move(message)};
}

}  // namespace sheaf::cli
