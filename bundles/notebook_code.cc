#include "bundles/notebook_code.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json.hpp>

namespace sheaf::bundles {

namespace {

namespace json = boost::json;

constexpr std::string_view kHeader = "# Databricks notebook source";
constexpr std::string_view kSeparator = "# COMMAND ----------";
constexpr std::string_view kMagicPrefix = "# MAGIC";
/// Outputs of cells nest deeper than code does.
constexpr std::size_t kMaxJsonDepth = 128;
constexpr std::string_view kBlanks = " \t\r";

// First words of cells that are no Python from there on.
constexpr std::array<std::string_view, 13> kOtherCells = {"sql",
                                                          "scala",
                                                          "r",
                                                          "sh",
                                                          "md",
                                                          "md-sandbox",
                                                          "fs",
                                                          "conda",
                                                          "skip",
                                                          "html",
                                                          "bash",
                                                          "javascript",
                                                          "writefile"};

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos
             ? std::string_view()
             : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_letter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

// Reads a cell line by line; a cell is in one language from its first magic line on.
class CellReader {
 public:
  explicit CellReader(CodePiece& piece) : piece_(piece) {}

  void begin_cell() { is_other_ = false; }

  void skip_line() { take_line(""); }

  void take_line(std::string_view line) {
    piece_.python += line;
    piece_.python += '\n';
    ++number_;
  }

  void read_line(std::string_view line) {
    if (is_other_) {
      skip_line();
      return;
    }
    const std::string_view text = trimmed(line);
    const std::string_view word = text.substr(std::min(text.find_first_not_of('%'), text.size()));
    // `% (a, b)` and `!= b` go on with an expression.
    if (text.starts_with('%') && !word.empty() && is_letter(word.front())) {
      read_magic(word);
    } else if (text.starts_with('!') && !text.starts_with("!=")) {
      add("!", text.substr(1));
    } else {
      take_line(line);
      return;
    }
    skip_line();
  }

 private:
  void read_magic(std::string_view text) {
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    add(word, trimmed(text.substr(word.size())));
    is_other_ = std::ranges::find(kOtherCells, word) != kOtherCells.end();
  }

  void add(std::string_view word, std::string_view arguments) {
    piece_.magic_lines.push_back(
        {.word = std::string(word), .arguments = std::string(arguments), .line = number_});
  }

  CodePiece& piece_;
  int number_ = 1;
  bool is_other_ = false;
};

template <typename Visit>
void visit_lines(std::string_view text, Visit visit) {
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    visit(text.substr(start, end - start));
    start = end + 1;
  }
}

CodePiece piece_of_notebook(std::string_view text) {
  CodePiece piece;
  CellReader reader(piece);
  visit_lines(text, [&reader](std::string_view line) {
    if (line.starts_with(kSeparator)) {
      reader.begin_cell();
      reader.skip_line();
    } else if (line.starts_with(kMagicPrefix)) {
      line.remove_prefix(kMagicPrefix.size());
      line.remove_prefix(line.starts_with(' ') ? 1 : 0);
      reader.read_line(line);
    } else {
      reader.take_line(line);
    }
  });
  return piece;
}

// `source` is one text or a list of them.
std::string source_of(const json::object& cell) {
  const json::value* source = cell.if_contains("source");
  if (source == nullptr) {
    return {};
  }
  if (source->is_string()) {
    return std::string(source->get_string());
  }
  std::string text;
  if (source->is_array()) {
    for (const json::value& part : source->get_array()) {
      text += part.is_string() ? std::string(part.get_string()) : std::string();
    }
  }
  return text;
}

Result<std::vector<CodePiece>> pieces_of_jupyter(std::string_view text) {
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  const json::value notebook = json::parse(text, error, {}, options);
  const json::object* root = error ? nullptr : notebook.if_object();
  const json::value* cells = root == nullptr ? nullptr : root->if_contains("cells");
  if (cells == nullptr || !cells->is_array()) {
    return fail(ErrorCode::kInvalid, "not a notebook");
  }
  std::vector<CodePiece> pieces;
  int number = 0;
  for (const json::value& value : cells->get_array()) {
    ++number;
    const json::object* cell = value.if_object();
    const json::value* type = cell == nullptr ? nullptr : cell->if_contains("cell_type");
    if (type == nullptr || !type->is_string() || type->get_string() != "code") {
      continue;
    }
    CodePiece piece{.cell = number, .python = {}, .magic_lines = {}};
    CellReader reader(piece);
    visit_lines(source_of(*cell), [&reader](std::string_view line) { reader.read_line(line); });
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

}  // namespace

CodeFormat format_of(std::string_view name, std::string_view text) {
  if (name.ends_with(".ipynb")) {
    return CodeFormat::kJupyter;
  }
  return trimmed(text.substr(0, text.find('\n'))) == kHeader ? CodeFormat::kNotebook
                                                             : CodeFormat::kScript;
}

Result<std::vector<CodePiece>> code_pieces(std::string_view text, CodeFormat format) {
  switch (format) {
    case CodeFormat::kScript:
      return std::vector{CodePiece{.cell = 0, .python = std::string(text), .magic_lines = {}}};
    case CodeFormat::kNotebook:
      return std::vector{piece_of_notebook(text)};
    case CodeFormat::kJupyter:
      return pieces_of_jupyter(text);
  }
  return fail(ErrorCode::kInternal, "not a format");
}

}  // namespace sheaf::bundles
