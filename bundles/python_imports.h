// What Python code imports. Pure.
#pragma once

#include <string>
#include <vector>

#include "bundles/python_lines.h"

namespace sheaf::bundles {

struct PythonImport {
  /// "sklearn.ensemble"; `from a import b` is "a.b", `from ..a import b` is "..a.b", a star is "a".
  std::string module;
  int line = 0;
};

/// In the order of reading. What the code does without is left out: imports that `except
/// ImportError` catches, and those below `if TYPE_CHECKING`.
[[nodiscard]] std::vector<PythonImport> python_imports(const std::vector<PythonLine>& lines);

}  // namespace sheaf::bundles
