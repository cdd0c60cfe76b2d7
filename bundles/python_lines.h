// Python source as logical lines of tokens: what code names, without comments and docstrings.
// Lenient: broken source gives broken lines, never an error. Pure; linear in the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sheaf::bundles {

enum class TokenKind { kName, kNumber, kString, kOperator };

struct PythonToken {
  TokenKind kind = TokenKind::kName;
  /// Of strings what stands between the quotes, with escapes and braces as written. Operators are
  /// one character each.
  std::string text;
  int line = 0;  ///< From 1.

  [[nodiscard]] bool is(TokenKind its_kind, std::string_view its_text) const {
    return kind == its_kind && text == its_text;
  }
};

/// One statement, or several that `;` or `:` joins; brackets and backslashes carry it over lines.
struct PythonLine {
  int indent = 0;  ///< Characters before it.
  std::vector<PythonToken> tokens;
};

/// The lines of `text` that hold something. Statements that are nothing but strings are left out:
/// docstrings, and code that somebody put out of use.
[[nodiscard]] std::vector<PythonLine> python_lines(std::string_view text);

}  // namespace sheaf::bundles
