#include "bundles/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bundles/limits.h"
#include "bundles/utf8.h"
#include "common/base/check.h"

namespace sheaf::bundles {

namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
/// Each finding has a copy of its line: longer ones (a whole bundle as JSON) are not shown.
constexpr std::size_t kMaxLineBytes = 64u << 10;

}  // namespace

int SourceFiles::add(std::string name) {
  files_.push_back({.name = std::move(name), .text = {}, .line_starts = {}});
  return static_cast<int>(files_.size()) - 1;
}

void SourceFiles::keep_text(int file, std::string text) {
  SHEAF_CHECK(file >= 0 && static_cast<std::size_t>(file) < files_.size(), "a file that was added");
  File& kept = files_[static_cast<std::size_t>(file)];
  kept.text = std::move(text);
  kept.line_starts = {kept.text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0};
  for (std::size_t end = kept.text.find('\n'); end != std::string::npos;
       end = kept.text.find('\n', end + 1)) {
    kept.line_starts.push_back(end + 1);
  }
}

const std::string& SourceFiles::name(int file) const {
  SHEAF_CHECK(file >= 0 && static_cast<std::size_t>(file) < files_.size(), "a file that was added");
  return files_[static_cast<std::size_t>(file)].name;
}

SourcePlace SourceFiles::place(const Location& location) const {
  return {.file = name(location.file), .line = location.line, .column = location.column};
}

std::string_view SourceFiles::line_at(const Location& location) const {
  const File& file = files_[static_cast<std::size_t>(location.file)];
  const auto index = static_cast<std::size_t>(location.line - 1);
  if (index >= file.line_starts.size()) {
    return {};
  }
  std::string_view rest = std::string_view(file.text).substr(file.line_starts[index]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.size() > kMaxLineBytes) {
    return {};
  }
  return rest.ends_with('\r') ? rest.substr(0, rest.size() - 1) : rest;
}

void Findings::error(Text text, std::string path, const std::vector<Location>& places) {
  add(Severity::kError, std::move(text), std::move(path), places);
}

void Findings::warning(Text text, std::string path, const std::vector<Location>& places) {
  add(is_strict_ ? Severity::kError : Severity::kWarning, std::move(text), std::move(path), places);
}

std::vector<Diagnostic> Findings::in_reading_order() const {
  std::vector<std::tuple<int, int, int, std::size_t>> order;
  for (std::size_t i = 0; i < findings_.size(); ++i) {
    const Location& place = findings_[i].first_place;
    order.emplace_back(place.file, place.line, place.column, i);
  }
  std::ranges::sort(order);
  std::vector<Diagnostic> diagnostics;
  diagnostics.reserve(order.size());
  for (const auto& [file, line, column, index] : order) {
    diagnostics.push_back(findings_[index].diagnostic);
    if (const Location& place = findings_[index].first_place; place.is_known()) {
      diagnostics.back().source_line = valid_text(files_.line_at(place));
    }
  }
  return diagnostics;
}

void Findings::add(Severity severity,
                   Text text,
                   std::string path,
                   const std::vector<Location>& places) {
  // An error that comes late must not be lost behind a thousand warnings.
  if (findings_.size() >= kMaxDiagnostics && (severity == Severity::kWarning || has_errors_)) {
    return;
  }
  Diagnostic diagnostic{.severity = severity,
                        .summary = std::move(text.summary),
                        .path = std::move(path),
                        .places = {},
                        .source_line = {},
                        .detail = std::move(text.detail)};
  for (const Location& place : places) {
    if (place.is_known()) {
      diagnostic.places.push_back(files_.place(place));
    }
  }
  has_errors_ = has_errors_ || severity == Severity::kError;
  const auto known = std::ranges::find_if(places, &Location::is_known);
  findings_.push_back({.first_place = known == places.end() ? Location{} : *known,
                       .diagnostic = std::move(diagnostic)});
}

}  // namespace sheaf::bundles
