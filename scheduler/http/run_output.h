// What a task run wrote, as `runs/get-output` shows it. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

namespace sheaf::http {

inline constexpr std::size_t kMaxShownLogBytes = 5u << 20;

/// The ends of an attempt's two logs.
struct LogTails {
  std::string stdout_tail;
  std::string stderr_tail;
  bool is_cut = false;  ///< Bytes before them are not shown.
};

/// The same text with U+FFFD for every byte that is no UTF-8.
[[nodiscard]] std::string to_valid_utf8(std::string_view bytes);

/// `logs`, `logs_truncated` and, for a failed task, `error` (its last line) and `error_trace`.
enum class TaskEnd { kOther, kFailed };
[[nodiscard]] boost::json::object output_view(const LogTails& tails,
                                              TaskEnd end,
                                              std::string_view message);

}  // namespace sheaf::http
