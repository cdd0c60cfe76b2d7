// The Python of scripts and notebooks, and the lines of notebooks that are none. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace sheaf::bundles {

enum class CodeFormat {
  kScript,    ///< A .py file.
  kNotebook,  ///< A .py file that begins with `# Databricks notebook source`.
  kJupyter,   ///< An .ipynb file.
};

/// The format of what is called `name` and holds `text`.
[[nodiscard]] CodeFormat format_of(std::string_view name, std::string_view text);

/// `%pip install x`: word "pip", arguments "install x"; `!ls`: word "!".
struct MagicLine {
  std::string word;
  std::string arguments;
  int line = 0;  ///< From 1, in the piece.
};

struct CodePiece {
  /// From 1; 0: the whole file.
  int cell = 0;
  /// Python; magic lines and cells of other languages are empty lines in it.
  std::string python;
  std::vector<MagicLine> magic_lines;
};

/// Fails with kInvalid on an .ipynb that is no notebook.
[[nodiscard]] Result<std::vector<CodePiece>> code_pieces(std::string_view text, CodeFormat format);

}  // namespace sheaf::bundles
