#include "common/base/printable.h"

namespace sheaf {
namespace {

std::string cleaned(std::string_view text, bool keeps_lines) {
  std::string clean;
  clean.reserve(text.size());
  while (!text.empty()) {
    const std::size_t control = control_length(text);
    const bool is_kept = control == 0 || (keeps_lines && text.front() == '\n');
    clean += is_kept ? text.front() : ' ';
    text.remove_prefix(is_kept ? 1 : control);
  }
  return clean;
}

}  // namespace

std::size_t control_length(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text.front());
  if (byte < 0x20 || byte == 0x7F) {
    return 1;
  }
  // UTF-8 of U+0080–U+009F, which terminals take for ESC sequences too.
  const bool is_c1 = byte == 0xC2 && text.size() > 1 &&
                     static_cast<unsigned char>(text[1]) >= 0x80 &&
                     static_cast<unsigned char>(text[1]) <= 0x9F;
  return is_c1 ? 2 : 0;
}

std::string printable(std::string_view text) {
  return cleaned(text, false);
}

std::string printable_lines(std::string_view text) {
  return cleaned(text, true);
}

}  // namespace sheaf
