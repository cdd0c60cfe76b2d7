// UTF-8 of texts that cross the wire.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sheaf::wire {

/// True for well-formed UTF-8 after the Unicode standard, table 3-7: no overlong forms, no
/// surrogates.
[[nodiscard]] bool is_utf8(std::string_view text);

/// At most `max_bytes` of `text`, cut between characters, with every malformed byte replaced by
/// U+FFFD.
[[nodiscard]] std::string clip_to_utf8(std::string_view text, std::size_t max_bytes);

}  // namespace sheaf::wire
