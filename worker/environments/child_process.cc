#include "worker/environments/child_process.h"

#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/clocks.h"
#include "common/os/file.h"
#include "common/os/processes.h"

namespace sheaf::environments {
namespace {

constexpr std::size_t kMaxOutputBytes = 64u << 20;
constexpr std::size_t kShownBytes = 3'000;
/// How soon a cancelled attempt's build ends.
constexpr int kLookEveryMs = 200;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

Result<pid_t> spawn(const ChildCommand& command) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(
      &actions, 1, command.output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, command.working_folder.c_str());
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> env;
  for (const auto& [name, value] : command.env) {
    env.push_back(name + "=" + value);
  }
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid,
                                  command.argv.front().c_str(),
                                  &actions,
                                  &attributes,
                                  pointers(argv).data(),
                                  pointers(env).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    return fail(os::error_of_errno(error, "cannot run " + command.argv.front()));
  }
  return pid;
}

std::string output_end(const std::filesystem::path& file) {
  auto text = os::read_file(file, kMaxOutputBytes);
  if (!text) {
    return {};
  }
  const auto begin = text->size() > kShownBytes ? text->size() - kShownBytes : 0;
  return text->substr(begin);
}

}  // namespace

Result<void> run_child(const ChildCommand& command, const std::atomic<bool>& is_cancelled) {
  auto pid = spawn(command);
  if (!pid) {
    return fail(pid.error());
  }
  auto process = os::open_child(*pid);
  const Milliseconds end = os::boot_time() + command.deadline;
  while (process && !os::is_readable(process->get()) && !is_cancelled.load() &&
         os::boot_time() < end) {
    pollfd waiting{.fd = process->get(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, kLookEveryMs);
  }
  const bool has_ended = process && os::is_readable(process->get());
  if (!has_ended) {
    ::kill(-*pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(*pid, &status, 0);
  if (!has_ended) {
    return is_cancelled.load() ? fail(ErrorCode::kUnavailable, "cancelled while it was prepared")
                               : fail(ErrorCode::kTimeout,
                                      command.argv.front() + " did not end in time:\n" +
                                          output_end(command.output_file));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return {};
  }
  return fail(ErrorCode::kInvalid, output_end(command.output_file));
}

}  // namespace sheaf::environments
