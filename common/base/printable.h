// Texts of others on a terminal: a control character in a name could steer it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sheaf {

/// Bytes of the control character (U+0000–U+001F, U+007F–U+009F) at the front of UTF-8 `text`; 0
/// when another one stands there. Requires: `text` is not empty.
[[nodiscard]] std::size_t control_length(std::string_view text);

/// `text` with a space in the place of each control character.
[[nodiscard]] std::string printable(std::string_view text);

/// The same, but line feeds stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

}  // namespace sheaf
