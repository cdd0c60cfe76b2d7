// A request target (RFC 9112 origin-form) taken apart once, so that no two places decode it
// differently.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace sheaf::http {

/// Decoded arguments in order; a name stands at most once.
using Query = std::vector<std::pair<std::string, std::string>>;

struct Target {
  /// The path between slashes, as sent: literals of routes are compared with it undecoded.
  std::vector<std::string> raw_segments;
  Query query;

  [[nodiscard]] std::optional<std::string_view> argument(std::string_view name) const;
};

/// Fails with kInvalid unless `text` is "/path[?query]" with valid percent escapes and no query
/// name twice.
[[nodiscard]] Result<Target> parse_target(std::string_view text);

/// `%41` becomes `A`, once; with `plus_is_space` also `+`. Fails with kInvalid on a broken escape.
enum class PlusSign { kIsPlus, kIsSpace };
[[nodiscard]] Result<std::string> decode_percent(std::string_view text, PlusSign plus);

/// Decodes a path segment that names something. Fails with kInvalid when it is empty, longer than 1
/// KiB, "." or "..", or holds a slash, a backslash or a control character.
[[nodiscard]] Result<std::string> decode_name(std::string_view segment);

}  // namespace sheaf::http
