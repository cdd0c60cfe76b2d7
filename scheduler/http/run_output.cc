#include "scheduler/http/run_output.h"

#include <boost/json.hpp>

namespace sheaf::http {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
constexpr std::size_t kMaxTraceBytes = 1u << 20;

/// Length of the well-formed sequence at the front of `bytes`; 0: there is none (Unicode 15, table
/// 3-7).
std::size_t sequence_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u;
  };
  const auto is_tail = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return at(i) >= low && at(i) <= high;
  };
  const unsigned first = at(0);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return is_tail(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return is_tail(1, low, high) && is_tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return is_tail(1, low, high) && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

std::string_view last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  const auto newline = text.rfind('\n');
  return newline == std::string_view::npos ? text : text.substr(newline + 1);
}

std::string_view end_of(std::string_view text, std::size_t max_bytes) {
  return text.size() > max_bytes ? text.substr(text.size() - max_bytes) : text;
}

}  // namespace

std::string to_valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = sequence_length(bytes);
    text += length == 0 ? kReplacement : bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return text;
}

boost::json::object output_view(const LogTails& tails, TaskEnd end, std::string_view message) {
  const std::string whole = tails.stdout_tail + tails.stderr_tail;
  const auto shown = end_of(whole, kMaxShownLogBytes);
  boost::json::object object{{"logs", to_valid_utf8(shown)},
                             {"logs_truncated", tails.is_cut || shown.size() < whole.size()}};
  if (end == TaskEnd::kFailed) {
    const auto line = last_line(tails.stderr_tail);
    object["error"] = line.empty() ? std::string(message) : to_valid_utf8(line);
    const auto trace = end_of(tails.stderr_tail, kMaxTraceBytes);
    object["error_trace"] = trace.empty() ? std::string(message) : to_valid_utf8(trace);
  }
  return object;
}

}  // namespace sheaf::http
