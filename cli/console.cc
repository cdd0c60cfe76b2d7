#include "cli/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include <boost/json.hpp>
#include <fcntl.h>
#include <unistd.h>

#include "bundles/utf8.h"
#include "common/base/check.h"
#include "common/calendar/rfc3339.h"

namespace sheaf::cli {
namespace {

constexpr std::int64_t kMaxPrintableEpochMs = 253'402'300'799'000;  // The end of the year 9999.

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// A pipe whose reader has gone is nothing to speak of: `| head` means it.
void report_failed_output(int reason) {
  if (reason != EPIPE) {
    print_errors("Error: cannot write the output: " + std::generic_category().message(reason) +
                 "\n");
  }
}

}  // namespace

void open_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0 && errno == EBADF) {
      // The lowest free number is given: this one. Results must not vanish, so stdout is opened in
      // a way in which writing fails.
      static_cast<void>(::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY));
    }
  }
}

void print(std::string_view text) {
  const bool has_failed = std::ferror(stdout) != 0;
  if (std::fwrite(text.data(), 1, text.size(), stdout) < text.size() && !has_failed) {
    report_failed_output(errno);
  }
}

bool flush_output() {
  const bool has_failed = std::ferror(stdout) != 0;
  if (std::fflush(stdout) != 0 && !has_failed) {
    report_failed_output(errno);
  }
  return std::ferror(stdout) == 0;
}

void print_errors(std::string_view bytes) {
  std::fwrite(bytes.data(), 1, bytes.size(), stderr);
}

void print_json(const boost::json::value& value) {
  print(bundles::valid_text(boost::json::serialize(value)) + "\n");
}

void say(std::string_view line) {
  static_cast<void>(flush_output());
  print_errors(std::string(line) + "\n");
}

void Table::add(std::vector<std::string> cells) {
  SHEAF_CHECK(cells.size() == rows_.front().size(), "a row has as many cells as the table");
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      widths[column] = std::max(widths[column], width_of(row[column]));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t column = 0; column < row.size(); ++column) {
      line += printable(row[column]);
      line.append(widths[column] - width_of(row[column]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string shortened(std::string_view text, std::size_t columns) {
  std::string shown = printable(text);
  std::size_t characters = 0;
  for (std::size_t at = 0; at < shown.size(); ++at) {
    if (!is_continuation(shown[at]) && ++characters > columns) {
      return shown.substr(0, at) + "…";
    }
  }
  return shown;
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char byte) { return !is_continuation(byte); }));
}

std::string time_text(std::int64_t epoch_ms) {
  if (epoch_ms <= 0 || epoch_ms > kMaxPrintableEpochMs) {
    return "-";
  }
  return calendar::format_rfc3339(
      std::chrono::floor<std::chrono::seconds>(from_epoch_ms(epoch_ms)));
}

std::string duration_text(Milliseconds duration) {
  const std::int64_t tenths = std::max<std::int64_t>(0, duration.count()) / 100;
  const std::int64_t seconds = tenths / 10;
  if (seconds < 60) {
    return std::to_string(seconds) + "." + std::to_string(tenths % 10) + " s";
  }
  if (seconds < 3'600) {
    return std::to_string(seconds / 60) + " min " + two_digits(seconds % 60) + " s";
  }
  return std::to_string(seconds / 3'600) + " h " + two_digits(seconds / 60 % 60) + " min";
}

std::string span_text(std::int64_t start_ms, std::int64_t end_ms, Timestamp now) {
  if (start_ms <= 0) {
    return "-";
  }
  const std::int64_t end = end_ms > 0 ? end_ms : to_epoch_ms(now);
  return duration_text(Milliseconds{end - start_ms});
}

}  // namespace sheaf::cli
