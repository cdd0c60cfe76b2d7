#include "bundles/python_imports.h"

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace sheaf::bundles {

namespace {

using Tokens = std::span<const PythonToken>;

bool names_any(const PythonLine& line, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(line.tokens, [names](const PythonToken& token) {
    return token.kind == TokenKind::kName && std::ranges::find(names, token.text) != names.end();
  });
}

// Marks the lines whose imports the code does without.
std::vector<bool> dispensable_lines(const std::vector<PythonLine>& lines) {
  std::vector<bool> marks(lines.size(), false);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const PythonToken& first = lines[i].tokens.front();
    const bool is_try = first.is(TokenKind::kName, "try");
    const bool is_for_checkers =
        first.is(TokenKind::kName, "if") && names_any(lines[i], {"TYPE_CHECKING"});
    if (!is_try && !is_for_checkers) {
      continue;
    }
    std::size_t end = i + 1;
    while (end < lines.size() && lines[end].indent > lines[i].indent) {
      ++end;
    }
    const bool is_caught = end < lines.size() &&
                           lines[end].tokens.front().is(TokenKind::kName, "except") &&
                           names_any(lines[end], {"ImportError", "ModuleNotFoundError"});
    if (is_for_checkers || is_caught) {
      std::fill(marks.begin() + static_cast<std::ptrdiff_t>(i),
                marks.begin() + static_cast<std::ptrdiff_t>(end),
                true);
    }
  }
  return marks;
}

class ImportReader {
 public:
  std::vector<PythonImport> run(const std::vector<PythonLine>& lines) {
    const std::vector<bool> is_dispensable = dispensable_lines(lines);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (!is_dispensable[i]) {
        scan_imports(lines[i].tokens);
      }
    }
    return std::move(imports_);
  }

 private:
  // Imports stand at the beginning of a statement, also of one behind `;` or `:`.
  void scan_imports(Tokens tokens) {
    bool is_start = true;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const PythonToken& token = tokens[i];
      if (is_start && token.is(TokenKind::kName, "import")) {
        scan_plain_import(tokens.subspan(i + 1));
      } else if (is_start && token.is(TokenKind::kName, "from")) {
        scan_from_import(tokens.subspan(i + 1));
      }
      is_start = token.is(TokenKind::kOperator, ";") || token.is(TokenKind::kOperator, ":");
    }
  }

  // `a.b.c`, `..a`, `.`; moves `at` behind it.
  static std::string read_module(Tokens tokens, std::size_t& at) {
    std::string module;
    bool is_name_next = true;
    for (; at < tokens.size(); ++at) {
      const PythonToken& token = tokens[at];
      const bool is_dot = token.is(TokenKind::kOperator, ".");
      const bool is_name = token.kind == TokenKind::kName && is_name_next && token.text != "import";
      if (!is_dot && !is_name) {
        break;
      }
      module += token.text;
      is_name_next = is_dot;
    }
    return module;
  }

  // `import a.b as c, d`
  void scan_plain_import(Tokens tokens) {
    bool is_module_next = true;
    for (std::size_t at = 0; at < tokens.size() && !tokens[at].is(TokenKind::kOperator, ";");) {
      if (is_module_next) {
        const int line = tokens[at].line;
        add(read_module(tokens, at), line);
        is_module_next = false;
      } else {
        is_module_next = tokens[at++].is(TokenKind::kOperator, ",");
      }
    }
  }

  // `from a import b, c as d`: b may be a module too.
  void scan_from_import(Tokens tokens) {
    std::size_t at = 0;
    const std::string module = read_module(tokens, at);
    if (module.empty() || at >= tokens.size() || !tokens[at].is(TokenKind::kName, "import")) {
      return;
    }
    const std::string separator = module.ends_with('.') ? "" : ".";
    bool is_alias = false;
    for (++at; at < tokens.size() && !tokens[at].is(TokenKind::kOperator, ";"); ++at) {
      const PythonToken& token = tokens[at];
      if (token.is(TokenKind::kName, "as")) {
        is_alias = true;
      } else if (token.kind == TokenKind::kName && !std::exchange(is_alias, false)) {
        add(module + separator + token.text, token.line);
      } else if (token.is(TokenKind::kOperator, "*")) {
        add(module, token.line);
      }
    }
  }

  void add(std::string module, int line) {
    if (!module.empty()) {
      imports_.push_back({.module = std::move(module), .line = line});
    }
  }

  std::vector<PythonImport> imports_;
};

}  // namespace

std::vector<PythonImport> python_imports(const std::vector<PythonLine>& lines) {
  return ImportReader().run(lines);
}

}  // namespace sheaf::bundles
