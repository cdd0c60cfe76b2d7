#include "cli/local_script.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>

#include <spawn.h>
#include <unistd.h>

#include "cli/console.h"
#include "common/os/program.h"

extern char** environ;

namespace sheaf::cli {
namespace {

/// What a child is started with beside its arguments.
class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void change_folder(const std::filesystem::path& folder) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
  }
  void copy(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

}  // namespace

Result<int> run_script(const bundles::Script& script,
                       const std::filesystem::path& folder,
                       ScriptOutput output) {
  FileActions actions;
  actions.change_folder(folder);
  if (output == ScriptOutput::kStderr) {
    actions.copy(STDERR_FILENO, STDOUT_FILENO);
  }
  static_cast<void>(flush_output());
  int error = 0;
  for (std::string shell : {"bash", "sh"}) {
    std::string option = "-c";
    std::string content = script.content;
    const std::array<char*, 4> arguments{shell.data(), option.data(), content.data(), nullptr};
    pid_t child = 0;
    error =
        ::posix_spawnp(&child, shell.c_str(), actions.get(), nullptr, arguments.data(), environ);
    if (error == 0) {
      return os::wait_for_child(child);
    }
  }
  return fail(ErrorCode::kInternal,
              "script " + script.name + ": " + std::generic_category().message(error));
}

Result<void> run_moments(const bundles::LoadedBundle& bundle,
                         const std::vector<std::string_view>& moments) {
  for (const bundles::Script& script : bundle.scripts.moments) {
    if (std::ranges::find(moments, script.name) == moments.end()) {
      continue;
    }
    say("Running the script " + script.name);
    const auto status = run_script(script, bundle.root, ScriptOutput::kStderr);
    if (!status) {
      return fail(status.error());
    }
    if (*status != 0) {
      return fail(ErrorCode::kInvalid,
                  "the script " + script.name + " ended with status " + std::to_string(*status) +
                      " (" + script.place.file + ":" + std::to_string(script.place.line) + ":" +
                      std::to_string(script.place.column) + ")");
    }
  }
  return {};
}

}  // namespace sheaf::cli
