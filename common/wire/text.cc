#include "common/wire/text.h"

#include <array>
#include <cstdint>

namespace sheaf::wire {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

/// One row of table 3-7: which second bytes a leading byte allows, and how long the character is.
struct Lead {
  std::uint8_t first, last;
  std::uint8_t second_low, second_high;
  std::size_t length;
};

constexpr std::array<Lead, 9> kLeads{{{0x00, 0x7F, 0, 0, 1},
                                      {0xC2, 0xDF, 0x80, 0xBF, 2},
                                      {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                      {0xE1, 0xEC, 0x80, 0xBF, 3},
                                      {0xED, 0xED, 0x80, 0x9F, 3},
                                      {0xEE, 0xEF, 0x80, 0xBF, 3},
                                      {0xF0, 0xF0, 0x90, 0xBF, 4},
                                      {0xF1, 0xF3, 0x80, 0xBF, 4},
                                      {0xF4, 0xF4, 0x80, 0x8F, 4}}};

std::uint8_t byte_at(std::string_view text, std::size_t index) {
  return static_cast<std::uint8_t>(text[index]);
}

bool follows(const Lead& lead, std::string_view text) {
  if (text.size() < lead.length) {
    return false;
  }
  for (std::size_t i = 1; i < lead.length; ++i) {
    const std::uint8_t low = i == 1 ? lead.second_low : 0x80;
    const std::uint8_t high = i == 1 ? lead.second_high : 0xBF;
    if (byte_at(text, i) < low || byte_at(text, i) > high) {
      return false;
    }
  }
  return true;
}

/// Bytes of the character at the front of `text`; 0 when it is malformed.
/// REQUIRES: `text` is not empty.
std::size_t character_length(std::string_view text) {
  const std::uint8_t first = byte_at(text, 0);
  for (const Lead& lead : kLeads) {
    if (first >= lead.first && first <= lead.last) {
      return follows(lead, text) ? lead.length : 0;
    }
  }
  return 0;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

std::string clip_to_utf8(std::string_view text, std::size_t max_bytes) {
  std::string clipped;
  while (!text.empty()) {
    const std::size_t length = character_length(text);
    const std::string_view next = length == 0 ? kReplacement : text.substr(0, length);
    if (clipped.size() + next.size() > max_bytes) {
      break;
    }
    clipped += next;
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return clipped;
}

}  // namespace sheaf::wire
