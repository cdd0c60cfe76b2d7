// UTF-8 of texts that come in from files, arguments and the environment.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sheaf::bundles {

/// Bytes of the character at the front of `text`; 0 when it is malformed: an overlong form, a
/// surrogate, cut off. Requires: `text` is not empty.
[[nodiscard]] std::size_t character_length(std::string_view text);

/// Where the first malformed byte stands, if there is one.
[[nodiscard]] std::optional<std::size_t> find_malformed(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

/// `bytes` as UTF-8: what is none becomes U+FFFD.
[[nodiscard]] std::string valid_text(std::string_view bytes);

}  // namespace sheaf::bundles
