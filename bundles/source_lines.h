// The lines of a file, to turn byte columns of a parser into places.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "bundles/value.h"

namespace sheaf::bundles {

/// Lines and columns that go in count bytes and begin at 0, negative ones count as 0; those that
/// come out count characters and begin at 1. The text must outlive the object. One thread.
class SourceLines {
 public:
  SourceLines(std::string_view text, int file);

  [[nodiscard]] Location locate(int line, int column) const;

  /// Of the byte at `offset` of the text.
  [[nodiscard]] Location locate(std::size_t offset) const;

  /// Of a list's item that is null. One of which nothing is written but its hyphen has the mark of
  /// what follows it; then its hyphen is meant.
  [[nodiscard]] Location locate_null_item(int line, int column) const;

  /// Everything from there on.
  [[nodiscard]] std::string_view text_from(int line, int column) const;

 private:
  [[nodiscard]] std::string_view rest_of_line(int line) const;

  struct Position {
    int line = 0;
    std::size_t bytes = 0;
    std::ptrdiff_t characters = 0;
  };

  std::string_view text_;
  int file_;
  std::vector<std::size_t> starts_;
  /// Where locate() was asked last.
  mutable Position last_;
};

}  // namespace sheaf::bundles
