// Writing to the person: results on stdout, everything else on stderr, tables, times.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

#include "common/base/printable.h"
#include "common/base/time.h"

namespace sheaf::cli {

/// Puts something in the place of standard streams that are closed: the next file or socket would
/// get their number, and what is meant for the person would be written into it. Writing to the
/// stdout that was closed fails. Call before anything is opened.
void open_closed_streams();

/// Result of the command, as it is. What cannot be written is said once on stderr, except that the
/// reader of a pipe has gone.
void print(std::string_view text);
/// Writes what is still in memory. False when anything of what was printed got lost.
[[nodiscard]] bool flush_output();
/// What a task wrote to stderr, as it is.
void print_errors(std::string_view bytes);
/// `value` as one line of JSON; bytes that are no UTF-8 (of file names) as U+FFFD.
void print_json(const boost::json::value& value);
/// A line for the person on stderr.
void say(std::string_view line);

/// Columns padded to the width of their widest cell, two spaces apart, headings first.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}
  /// Requires: as many cells as there are headings.
  void add(std::vector<std::string> cells);
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_empty() const { return rows_.size() == 1; }

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Printable `text` in at most that many columns and "…" where more of it was cut off.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);

/// Columns that UTF-8 `text` takes, one a character.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// "2026-11-24T01:00:00Z", or "-" for 0.
[[nodiscard]] std::string time_text(std::int64_t epoch_ms);

/// "0.3 s", "12.0 s", "4 min 05 s", "3 h 07 min".
[[nodiscard]] std::string duration_text(Milliseconds duration);

/// Duration from `start_ms` to `end_ms`; 0 as end means that it goes on: until `now`. "-" without
/// start.
[[nodiscard]] std::string span_text(std::int64_t start_ms, std::int64_t end_ms, Timestamp now);

}  // namespace sheaf::cli
