#include "common/calendar/rfc3339.h"

#include <algorithm>
#include <optional>

namespace sheaf::calendar {
namespace {

constexpr std::size_t kSecondsLength = 19;  // 2026-11-24T01:00:00

void append_padded(std::string& text, std::int64_t value, std::size_t width) {
  const std::string digits = std::to_string(value);
  text.append(width - std::min(width, digits.size()), '0').append(digits);
}

[[nodiscard]] std::string seconds_text(std::chrono::sys_seconds instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{instant - day};
  std::string text;
  append_padded(text, static_cast<int>(date.year()), 4);
  append_padded(text.append("-"), static_cast<unsigned>(date.month()), 2);
  append_padded(text.append("-"), static_cast<unsigned>(date.day()), 2);
  append_padded(text.append("T"), time.hours().count(), 2);
  append_padded(text.append(":"), time.minutes().count(), 2);
  append_padded(text.append(":"), time.seconds().count(), 2);
  return text;
}

/// Whether `text` has the form of `pattern`, in which 0 stands for any digit.
[[nodiscard]] bool has_form(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern, [](char letter, char expected) {
    return expected == '0' ? letter >= '0' && letter <= '9' : letter == expected;
  });
}

/// Requires: digits only, at most nine.
[[nodiscard]] int number(std::string_view digits) {
  int value = 0;
  for (const char digit : digits) {
    value = value * 10 + (digit - '0');
  }
  return value;
}

/// The date and time in front, as if they were UTC.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_seconds(std::string_view text) {
  if (!has_form(text, "0000-00-00T00:00:00") && !has_form(text, "0000-00-00t00:00:00")) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{
      std::chrono::year{number(text.substr(0, 4))},
      std::chrono::month{static_cast<unsigned>(number(text.substr(5, 2)))},
      std::chrono::day{static_cast<unsigned>(number(text.substr(8, 2)))}};
  const int hour = number(text.substr(11, 2));
  const int minute = number(text.substr(14, 2));
  const int second = number(text.substr(17, 2));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute} +
         std::chrono::seconds{second};
}

/// Takes `.250` from the front; no fraction is zero.
[[nodiscard]] std::optional<Milliseconds> take_fraction(std::string_view& text) {
  if (!text.starts_with('.')) {
    return Milliseconds{0};
  }
  text.remove_prefix(1);
  const std::size_t length = std::min(text.find_first_not_of("0123456789"), text.size());
  if (length == 0) {
    return std::nullopt;
  }
  std::string digits(text.substr(0, std::min<std::size_t>(length, 3)));
  digits.append(3 - digits.size(), '0');
  text.remove_prefix(length);
  return Milliseconds{number(digits)};
}

[[nodiscard]] std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") {
    return std::chrono::minutes{0};
  }
  if (!has_form(text, "+00:00") && !has_form(text, "-00:00")) {
    return std::nullopt;
  }
  const int hours = number(text.substr(1, 2));
  const int minutes = number(text.substr(4, 2));
  if (hours > 23 || minutes > 59) {
    return std::nullopt;
  }
  const std::chrono::minutes offset{hours * 60 + minutes};
  return text.front() == '-' ? -offset : offset;
}

}  // namespace

std::string format_rfc3339(std::chrono::sys_seconds instant) {
  return seconds_text(instant) + "Z";
}

std::string format_rfc3339(Timestamp instant) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(instant);
  std::string text = seconds_text(whole);
  append_padded(text.append("."), (instant - whole).count(), 3);
  return text + "Z";
}

Result<Timestamp> parse_rfc3339(std::string_view text) {
  std::string_view rest = text.substr(std::min(kSecondsLength, text.size()));
  const auto seconds = parse_seconds(text.substr(0, kSecondsLength));
  const auto fraction = take_fraction(rest);
  const auto offset = parse_offset(rest);
  if (!seconds || !fraction || !offset) {
    return fail(ErrorCode::kInvalid,
                "\"" + std::string(text) +
                    "\" is no instant: write it like 2026-11-24T01:00:00Z or "
                    "2026-11-24T02:00:00+01:00");
  }
  return Timestamp{*seconds + *fraction - *offset};
}

}  // namespace sheaf::calendar
