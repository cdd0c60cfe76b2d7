// A client that sends exactly the bytes it is given: what a well-behaved library would refuse to
// send.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace sheaf::http {

struct RawAnswer {
  int status = 0;                              ///< 0: the server closed without an answer.
  std::map<std::string, std::string> headers;  ///< Names in lower case.
  std::string body;
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes);
  /// The next answer on the connection; fails the test by status 0 after 20 s.
  [[nodiscard]] RawAnswer receive();
  /// The same without its body, as answers to HEAD come.
  [[nodiscard]] RawAnswer receive_head();
  /// True when the server has closed and no byte is left.
  [[nodiscard]] bool is_closed();

 private:
  bool fill();

  int socket_ = -1;
  std::string buffer_;
};

/// One request on its own connection.
struct Ask {
  std::string method = "GET";
  std::string target;
  std::string token;  ///< Bearer token; empty: no Authorization.
  std::string body;
  std::map<std::string, std::string> headers;
};

[[nodiscard]] RawAnswer ask(std::uint16_t port, const Ask& request);

}  // namespace sheaf::http
