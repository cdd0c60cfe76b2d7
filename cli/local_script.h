// Runs a shell text of the bundle on this machine, with the environment and the terminal of whoever
// called the command line.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "bundles/loader.h"
#include "common/base/result.h"

namespace sheaf::cli {

enum class ScriptOutput {
  kStdout,
  kStderr,  ///< Both streams: stdout holds the result of the command that runs the script.
};

/// Runs it in `folder` with bash, or sh where there is no bash, and waits for its end, however long
/// that takes. Returns its exit status, or 128 + the signal that ended it. Fails with kInternal
/// when no shell can be started.
[[nodiscard]] Result<int> run_script(const bundles::Script& script,
                                     const std::filesystem::path& folder,
                                     ScriptOutput output);

/// Runs those of `experimental.scripts` that belong to `moments`, in the bundle's root. Fails with
/// kInvalid at the first that does not end with 0.
[[nodiscard]] Result<void> run_moments(const bundles::LoadedBundle& bundle,
                                       const std::vector<std::string_view>& moments);

}  // namespace sheaf::cli
