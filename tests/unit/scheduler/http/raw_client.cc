#include "tests/unit/scheduler/http/raw_client.h"

#include <algorithm>
#include <cstdlib>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace sheaf::http {
namespace {

std::string to_lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return text;
}

void parse_head(std::string_view head, RawAnswer& answer) {
  answer.status = std::atoi(std::string(head.substr(9, 3)).c_str());
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    const auto end = head.find("\r\n");
    const auto line = head.substr(0, end);
    const auto colon = line.find(": ");
    answer.headers[to_lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
    head.remove_prefix(end + 2);
  }
}

}  // namespace

RawClient::RawClient(std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval deadline{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

RawClient::~RawClient() {
  ::close(socket_);
}

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return;
    }
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool RawClient::fill() {
  char piece[16'384];
  const auto count = ::recv(socket_, piece, sizeof piece, 0);
  if (count > 0) {
    buffer_.append(piece, static_cast<std::size_t>(count));
  }
  return count > 0;
}

RawAnswer RawClient::receive_head() {
  RawAnswer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) {
      return answer;
    }
  }
  parse_head(std::string_view(buffer_).substr(0, end + 2), answer);
  buffer_.erase(0, end + 4);
  return answer;
}

RawAnswer RawClient::receive() {
  RawAnswer answer = receive_head();
  const auto length =
      static_cast<std::size_t>(std::atoll(answer.headers["content-length"].c_str()));
  while (buffer_.size() < length) {
    if (!fill()) {
      answer.status = 0;
      return answer;
    }
  }
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

bool RawClient::is_closed() {
  return buffer_.empty() && !fill();
}

RawAnswer ask(std::uint16_t port, const Ask& request) {
  RawClient client(port);
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: localhost\r\n";
  if (!request.token.empty()) {
    head += "Authorization: Bearer " + request.token + "\r\n";
  }
  for (const auto& [name, value] : request.headers) {
    head += name + ": " + value + "\r\n";
  }
  if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  client.send(head + "Connection: close\r\n\r\n");
  client.send(request.body);
  return client.receive();
}

}  // namespace sheaf::http
