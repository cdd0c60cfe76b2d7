#include "cli/web_address.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxAddressBytes = 2'000;

int default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

std::string lower_case(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  return lowered;
}

bool is_host_character(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return std::isalnum(byte) != 0 || character == '.' || character == '-' || character == '_';
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    return std::ranges::all_of(host.substr(1, host.size() - 2), [](unsigned char character) {
      return std::isxdigit(character) != 0 || character == ':' || character == '.';
    });
  }
  return !host.empty() && std::ranges::all_of(host, is_host_character);
}

struct Parts {
  std::string scheme;  ///< Empty when there was none.
  std::string_view authority;
  std::string_view rest;
};

Parts split(std::string_view text) {
  Parts parts;
  if (const auto colon = text.find("://"); colon != std::string_view::npos) {
    parts.scheme = lower_case(text.substr(0, colon));
    text.remove_prefix(colon + 3);
  }
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  parts.authority = text.substr(0, end);
  parts.rest = text.substr(end);
  return parts;
}

Failure not_an_address(std::string_view text, std::string_view why) {
  return fail(ErrorCode::kInvalid,
              "`" + std::string(text) + "` is not the address of a scheduler: " + std::string(why) +
                  "; write http://host:port or https://host");
}

}  // namespace

std::string WebAddress::url() const {
  const std::string start = scheme + "://" + host;
  return port == default_port(scheme) ? start : start + ":" + std::to_string(port);
}

bool WebAddress::is_loopback() const {
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

Result<WebAddress> parse_web_address(std::string_view text) {
  if (text.size() > kMaxAddressBytes) {
    return not_an_address(text.substr(0, 100), "it is too long");
  }
  const Parts parts = split(text);
  WebAddress address{.scheme = parts.scheme.empty() ? "https" : parts.scheme};
  if (address.scheme != "http" && address.scheme != "https") {
    return not_an_address(text, "its scheme is neither http nor https");
  }
  if (!parts.rest.empty() && parts.rest != "/") {
    return not_an_address(text, "something follows the host");
  }
  if (parts.authority.find('@') != std::string_view::npos) {
    return not_an_address(text, "it holds a user name or a password");
  }
  std::string_view host = parts.authority;
  address.port = default_port(address.scheme);
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && !host.ends_with(']')) {
    const std::string_view digits = host.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc() || end != digits.data() + digits.size() || address.port < 1 ||
        address.port > 65'535) {
      return not_an_address(text, "its port is not a number from 1 to 65535");
    }
    host = host.substr(0, colon);
  }
  if (!is_host(host)) {
    return not_an_address(text, "it names no host");
  }
  address.host = lower_case(host);
  return address;
}

bool names_same_host(std::string_view named, const WebAddress& address) {
  const Parts parts = split(named);
  const std::string scheme = parts.scheme.empty() ? address.scheme : parts.scheme;
  const auto other = parse_web_address(scheme + "://" + std::string(parts.authority));
  if (!other || other->scheme != address.scheme || other->port != address.port) {
    return false;
  }
  return other->host == address.host || (other->is_loopback() && address.is_loopback());
}

}  // namespace sheaf::cli
