#include "scheduler/http/response_head.h"

#include <array>
#include <ctime>

#include <boost/beast/http/status.hpp>

namespace sheaf::http {
namespace {

namespace beast = boost::beast;

std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), length};
}

}  // namespace

std::string format_head(const Response& response, bool keeps_alive) {
  const std::uint64_t length =
      response.source != nullptr ? response.source->size() : response.body.size();
  std::string head =
      "HTTP/1.1 " + std::to_string(response.status) + " " +
      std::string(beast::http::obsolete_reason(static_cast<beast::http::status>(response.status))) +
      "\r\nServer: sheaf\r\nDate: " + http_date() + "\r\nContent-Type: " + response.content_type +
      "\r\nContent-Length: " + std::to_string(length) +
      "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: " +
      (keeps_alive ? "keep-alive" : "close") + "\r\n";
  for (const auto& [name, value] : response.headers) {
    head += name + ": " + value + "\r\n";
  }
  return head + "\r\n";
}

}  // namespace sheaf::http
