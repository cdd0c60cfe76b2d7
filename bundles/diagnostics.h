// Findings about a bundle, with their places. A run of the loader collects all of them; nothing is
// thrown and nothing ends at the first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bundles/value.h"

namespace sheaf::bundles {

enum class Severity { kError, kWarning };

/// File, relative to the bundle's root with `/` between segments, line and column from 1.
struct SourcePlace {
  std::string file;
  int line = 0;
  int column = 0;
  friend bool operator==(const SourcePlace&, const SourcePlace&) = default;
};

struct Diagnostic {
  Severity severity = Severity::kError;
  std::string summary;
  /// Configuration path: "resources.jobs.wine.tasks[0].max_retries"; may be empty.
  std::string path;
  /// The first one is where to look first; empty for what is in no file (--var, a missing folder).
  std::vector<SourcePlace> places;
  /// The line of the first place as it is written, in UTF-8 and without its end; empty where it is
  /// not known or longer than 64 KiB.
  std::string source_line;
  /// What to do about it; may be empty.
  std::string detail;
  friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

/// Names and texts of the files that locations point into.
class SourceFiles {
 public:
  /// Adds a file by its name relative to the bundle's root; returns its index.
  int add(std::string name);
  /// What the file holds. Requires: an index that add() gave.
  void keep_text(int file, std::string text);
  /// Requires: an index that add() gave.
  [[nodiscard]] const std::string& name(int file) const;
  [[nodiscard]] SourcePlace place(const Location& location) const;
  /// The line of the place, without its end; empty where the text was not kept, and of lines over
  /// 64 KiB.
  [[nodiscard]] std::string_view line_at(const Location& location) const;

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> line_starts;
  };
  std::vector<File> files_;
};

/// Collects findings. One thread.
class Findings {
 public:
  /// With `is_strict`, warnings are errors.
  Findings(const SourceFiles& files, bool is_strict) : files_(files), is_strict_(is_strict) {}

  struct Text {
    std::string summary;
    std::string detail;
  };
  void error(Text text, std::string path, const std::vector<Location>& places);
  void warning(Text text, std::string path, const std::vector<Location>& places);

  [[nodiscard]] bool has_errors() const { return has_errors_; }
  /// In the order of the files: first what is in none, then by file, line and column.
  [[nodiscard]] std::vector<Diagnostic> in_reading_order() const;

 private:
  void add(Severity severity, Text text, std::string path, const std::vector<Location>& places);

  const SourceFiles& files_;
  bool is_strict_;
  bool has_errors_ = false;
  struct Finding {
    Location first_place;
    Diagnostic diagnostic;
  };
  std::vector<Finding> findings_;
};

}  // namespace sheaf::bundles
