// Addresses of schedulers as people and files write them, and whether two of them name one host.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace sheaf::cli {

/// Scheme, host and port of an http or https URL.
struct WebAddress {
  std::string scheme;  ///< "http" or "https".
  std::string host;    ///< Lower case; IPv6 in brackets.
  int port = 0;

  /// `http://host:port`, without the port where the scheme implies it.
  [[nodiscard]] std::string url() const;
  /// The host is this machine's loopback interface.
  [[nodiscard]] bool is_loopback() const;

  friend bool operator==(const WebAddress&, const WebAddress&) = default;
};

/// Reads a URL; text without a scheme means https. Fails with kInvalid on a path, a query, a user
/// name or anything else beyond scheme, host and port.
[[nodiscard]] Result<WebAddress> parse_web_address(std::string_view text);

/// True when `named`, as a profile or DATABRICKS_HOST writes it, means `address`. `localhost` and
/// the loopback addresses are one host; a path behind the host is not looked at; without a scheme
/// in `named` any scheme fits.
[[nodiscard]] bool names_same_host(std::string_view named, const WebAddress& address);

}  // namespace sheaf::cli
