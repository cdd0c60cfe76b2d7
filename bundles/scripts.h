// Scripts that a bundle brings for the command line: `scripts` and `experimental.scripts`.
#pragma once

#include <string>
#include <vector>

#include "bundles/diagnostics.h"
#include "bundles/value.h"

namespace sheaf::bundles {

/// A shell text that runs on the machine of whoever calls it.
struct Script {
  /// Of `scripts` its key; of `experimental.scripts` the moment: "preinit", "postinit", "prebuild",
  /// "postbuild", "predeploy" or "postdeploy".
  std::string name;
  std::string content;
  SourcePlace place;
};

struct Scripts {
  std::vector<Script> named;    ///< In the order of writing.
  std::vector<Script> moments;  ///< In the order in which they run.
};

/// Requires: references are resolved.
[[nodiscard]] Scripts read_scripts(const Value& configuration,
                                   const SourceFiles& files,
                                   Findings& findings);

}  // namespace sheaf::bundles
