#include "bundles/source_lines.h"

#include <algorithm>

#include "bundles/scalars.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::ptrdiff_t count_characters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; });
}

// Without the blank lines and the lines of comments at its end.
std::string_view without_comments(std::string_view text) {
  while (true) {
    text = text.substr(0, text.find_last_not_of(kBlanks) + 1);
    const std::size_t start = text.rfind('\n') + 1;
    const std::size_t first = text.find_first_not_of(kBlanks, start);
    if (first == std::string_view::npos || text[first] != '#') {
      return text;
    }
    text = text.substr(0, start);
  }
}

}  // namespace

SourceLines::SourceLines(std::string_view text, int file) : text_(text), file_(file) {
  starts_.push_back(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      starts_.push_back(i + 1);
    }
  }
}

Location SourceLines::locate(int line, int column) const {
  line = std::max(line, 0);
  const std::string_view rest = rest_of_line(line);
  const std::size_t bytes = std::min(rest.size(), static_cast<std::size_t>(std::max(column, 0)));
  // Counted on from the place before: a line may be as long as a file.
  if (last_.line != line) {
    last_ = {.line = line, .bytes = 0, .characters = 0};
  }
  const std::size_t from = std::min(last_.bytes, bytes);
  const std::ptrdiff_t between =
      count_characters(rest.substr(from, std::max(last_.bytes, bytes) - from));
  last_.characters += bytes < last_.bytes ? -between : between;
  last_.bytes = bytes;
  return {.file = file_, .line = line + 1, .column = static_cast<int>(last_.characters) + 1};
}

Location SourceLines::locate(std::size_t offset) const {
  const auto line = std::ranges::upper_bound(starts_, offset) - starts_.begin();
  const std::size_t start = line == 0 ? offset : starts_[static_cast<std::size_t>(line) - 1];
  return locate(static_cast<int>(line) - 1, static_cast<int>(offset - start));
}

Location SourceLines::locate_null_item(int line, int column) const {
  const std::string_view from = text_from(line, column);
  const std::string_view word = from.substr(0, from.find_first_of(" \t\r\n,]#"));
  if (!word.empty() && plain_scalar(word).is_null()) {
    return locate(line, column);
  }
  const std::string_view before = without_comments(text_.substr(0, text_.size() - from.size()));
  return before.ends_with('-') ? locate(before.size() - 1) : locate(line, column);
}

std::string_view SourceLines::text_from(int line, int column) const {
  const std::string_view rest = rest_of_line(std::max(line, 0));
  return rest.substr(std::min(rest.size(), static_cast<std::size_t>(std::max(column, 0))));
}

std::string_view SourceLines::rest_of_line(int line) const {
  const auto index = static_cast<std::size_t>(line);
  return index < starts_.size() ? text_.substr(starts_[index]) : std::string_view();
}

}  // namespace sheaf::bundles
