// What an attempt runs, and its spec document for the shim. Pure; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/id.h"
#include "common/base/limits.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/cgroups.h"
#include "worker/runner/attempt_folder.h"

namespace sheaf::runner {

/// When an exit record, and the values and logs with it, are made durable (worker/shim/README.md).
enum class SyncPolicy { kNever, kWorthwhile, kAlways };

struct LaunchSpec {
  AttemptId attempt;
  /// Program and arguments; a program without '/' is looked up in the PATH of `env`.
  std::vector<std::string> argv;
  /// The whole environment of the task, but for the names that launch() adds (attempt_environment).
  std::vector<std::pair<std::string, std::string>> env;
  std::filesystem::path working_folder;
  Milliseconds timeout{0};  ///< From the start; 0 for none.
  /// Between TERM and KILL, whenever the tree is to end.
  Milliseconds kill_grace = std::chrono::duration_cast<Milliseconds>(limits::kKillGrace);
  /// How long the shim waits for a killed tree to vanish before it gives up.
  Milliseconds tree_wait{120'000};
  SyncPolicy sync = SyncPolicy::kWorthwhile;
  /// Of a stream: the contents of the file that SHEAF_STREAM_INPUT names. Empty: it is none.
  std::string stream_input{};
};

/// SHEAF_ATTEMPT_ID, SHEAF_TASK_VALUES (by which survivors of a dead shim are found) and TMPDIR.
/// They take precedence over equal names in LaunchSpec::env.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> attempt_environment(
    const AttemptFolder& folder);

/// SHEAF_STREAM_INPUT and SHEAF_STREAM_OUTPUT, with the same precedence.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> stream_environment(
    const AttemptFolder& folder);

/// The document for the shim. Fails with kInvalid where something cannot be passed to a process: an
/// empty argv, a NUL byte, a variable name that is empty or holds '='; kExhausted if it is too
/// large.
[[nodiscard]] Result<std::string> encode_spec(const LaunchSpec& spec,
                                              const AttemptFolder& folder,
                                              std::string_view boot_id,
                                              const std::optional<os::CgroupParent>& cgroups);

/// The first value of `key` in a whole spec document; nothing without one, or if it is torn.
[[nodiscard]] std::optional<std::string> find_spec_field(std::string_view spec_document,
                                                         std::string_view key);

}  // namespace sheaf::runner
