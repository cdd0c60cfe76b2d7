#include "bundles/diagnostic_text.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "bundles/utf8.h"
#include "common/base/printable.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[1;33m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kBlue = "\x1b[34m";
constexpr std::string_view kPlain = "\x1b[0m";

/// Characters of a source line that are shown.
constexpr std::size_t kShownCharacters = 100;
/// Of them before the column, where the line is longer.
constexpr std::size_t kShownBefore = 60;

struct Excerpt {
  std::string text;
  std::size_t caret = 0;  ///< Characters before it.
};

std::vector<std::string_view> characters_of(std::string_view line) {
  std::vector<std::string_view> characters;
  while (!line.empty()) {
    const std::size_t length = std::max<std::size_t>(character_length(line), 1);
    characters.push_back(line.substr(0, length));
    line.remove_prefix(length);
  }
  return characters;
}

Excerpt excerpt_of(std::string_view line, int column) {
  const std::vector<std::string_view> characters = characters_of(line);
  const auto caret = std::min(static_cast<std::size_t>(std::max(column, 1)) - 1, characters.size());
  const bool is_long = characters.size() > kShownCharacters;
  const std::size_t first = is_long && caret > kShownBefore ? caret - kShownBefore : 0;
  const std::size_t end = std::min(characters.size(), first + kShownCharacters);
  Excerpt excerpt{.text = first > 0 ? "…" : "", .caret = caret - first + (first > 0 ? 1 : 0)};
  for (std::size_t i = first; i < end; ++i) {
    excerpt.text += printable(characters[i]);
  }
  excerpt.text += end < characters.size() ? "…" : "";
  return excerpt;
}

class Writer {
 public:
  Writer(const Diagnostic& diagnostic, TextStyle style)
      : diagnostic_(diagnostic), is_coloured_(style == TextStyle::kColoured) {}

  std::string run() {
    const bool is_error = diagnostic_.severity == Severity::kError;
    coloured(is_error ? kRed : kYellow, is_error ? "Error" : "Warning");
    coloured(kBold, ": " + printable(diagnostic_.summary));
    text_ += "\n";
    if (!diagnostic_.path.empty()) {
      text_ += "  at " + printable(diagnostic_.path) + "\n";
    }
    for (const SourcePlace& place : diagnostic_.places) {
      text_ += "  in " + printable(place.file) + ":" + std::to_string(place.line) + ":" +
               std::to_string(place.column) + "\n";
    }
    if (!diagnostic_.source_line.empty() && !diagnostic_.places.empty()) {
      write_excerpt(diagnostic_.places.front());
    }
    if (!diagnostic_.detail.empty()) {
      text_ += "\n" + printable_lines(diagnostic_.detail) + "\n";
    }
    return std::move(text_);
  }

 private:
  void write_excerpt(const SourcePlace& place) {
    const Excerpt excerpt = excerpt_of(diagnostic_.source_line, place.column);
    const std::string number = std::to_string(place.line);
    const std::string margin(number.size() + 2, ' ');
    coloured(kBlue, margin + " |");
    text_ += "\n";
    coloured(kBlue, "  " + number + " |");
    text_ += " " + excerpt.text + "\n";
    coloured(kBlue, margin + " |");
    text_ += " " + std::string(excerpt.caret, ' ');
    coloured(diagnostic_.severity == Severity::kError ? kRed : kYellow, "^");
    text_ += "\n";
  }

  void coloured(std::string_view colour, std::string_view words) {
    text_ += is_coloured_ ? colour : "";
    text_ += words;
    text_ += is_coloured_ ? kPlain : "";
  }

  const Diagnostic& diagnostic_;
  bool is_coloured_;
  std::string text_;
};

}  // namespace

std::string to_text(const Diagnostic& diagnostic, TextStyle style) {
  return Writer(diagnostic, style).run();
}

std::string to_json(const Diagnostic& diagnostic) {
  boost::json::array places;
  for (const SourcePlace& place : diagnostic.places) {
    places.push_back(
        boost::json::object{{"file", place.file}, {"line", place.line}, {"column", place.column}});
  }
  return boost::json::serialize(boost::json::object{
      {"severity", diagnostic.severity == Severity::kError ? "error" : "warning"},
      {"summary", diagnostic.summary},
      {"path", diagnostic.path},
      {"places", std::move(places)},
      {"source_line", diagnostic.source_line},
      {"detail", diagnostic.detail}});
}

}  // namespace sheaf::bundles
