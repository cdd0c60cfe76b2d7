#include "bundles/diagnostics.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "bundles/limits.h"
#include "common/base/check.h"

namespace sheaf::bundles {

namespace {

std::string position(const SourcePlace& place) {
  return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  std::string text = diagnostic.severity == Severity::kError ? "Error: " : "Warning: ";
  text += diagnostic.summary + "\n";
  if (!diagnostic.path.empty()) {
    text += "  at " + diagnostic.path + "\n";
  }
  for (const SourcePlace& place : diagnostic.places) {
    text += "  in " + position(place) + "\n";
  }
  if (!diagnostic.detail.empty()) {
    text += "\n" + diagnostic.detail + "\n";
  }
  return text;
}

std::string to_json(const std::vector<Diagnostic>& diagnostics) {
  boost::json::array list;
  for (const Diagnostic& diagnostic : diagnostics) {
    boost::json::array places;
    for (const SourcePlace& place : diagnostic.places) {
      places.push_back(boost::json::object{
          {"file", place.file}, {"line", place.line}, {"column", place.column}});
    }
    list.push_back(boost::json::object{
        {"severity", diagnostic.severity == Severity::kError ? "error" : "warning"},
        {"summary", diagnostic.summary},
        {"path", diagnostic.path},
        {"places", std::move(places)},
        {"detail", diagnostic.detail}});
  }
  return boost::json::serialize(list);
}

int SourceFiles::add(std::string name) {
  names_.push_back(std::move(name));
  return static_cast<int>(names_.size()) - 1;
}

const std::string& SourceFiles::name(int file) const {
  SHEAF_CHECK(file >= 0 && static_cast<std::size_t>(file) < names_.size(), "a file that was added");
  return names_[static_cast<std::size_t>(file)];
}

SourcePlace SourceFiles::place(const Location& location) const {
  return {.file = name(location.file), .line = location.line, .column = location.column};
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
