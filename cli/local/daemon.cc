#include "cli/local/daemon.h"

#include <algorithm>
#include <array>
#include <csignal>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxReadyBytes = 64u << 10;
constexpr Milliseconds kFirstPause{200};
constexpr Milliseconds kLongestPause{10'000};
constexpr Milliseconds kHealthyAfter{60'000};

struct Pipe {
  os::FileDescriptor read_end;
  os::FileDescriptor write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail(os::error_of_errno(errno, "pipe2"));
  }
  return Pipe{.read_end = os::FileDescriptor(ends[0]), .write_end = os::FileDescriptor(ends[1])};
}

/// posix_spawn's two argument objects, freed with the frame.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// The child keeps the descriptor under its number.
  void keep(int descriptor) {
    ::posix_spawn_file_actions_adddup2(&actions_, descriptor, descriptor);
  }

  void set_standard_streams() {
    ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    // stdout is for the result of `sheaf up`.
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
  }

  /// A process group of its own, so that Ctrl-C reaches `sheaf up` alone; no signal blocked or
  /// ignored.
  void set_signals() {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  Result<pid_t> spawn(const std::string& program, std::vector<std::string> arguments) const {
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) {
      pointers.push_back(argument.data());
    }
    pointers.push_back(nullptr);
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, pointers.data(), environ);
    if (error != 0) {
      return fail(os::error_of_errno(error, "start " + program));
    }
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::string end_of(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    return "signal " + std::to_string(WTERMSIG(wait_status));
  }
  return "exit code " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace

Result<void> Daemon::start() {
  SHEAF_CHECK(!is_running(), "a daemon is started once at a time");
  auto ready = make_pipe();
  if (!ready) {
    return fail(ready.error());
  }
  auto lifeline = make_pipe();
  if (!lifeline) {
    return fail(lifeline.error());
  }
  std::vector<std::string> arguments{settings_.program.string()};
  arguments.insert(arguments.end(), settings_.arguments.begin(), settings_.arguments.end());
  arguments.insert(arguments.end(),
                   {"--ready-fd",
                    std::to_string(ready->write_end.get()),
                    "--lifeline-fd",
                    std::to_string(lifeline->read_end.get())});
  SpawnPlan plan;
  plan.set_standard_streams();
  plan.set_signals();
  plan.keep(ready->write_end.get());
  plan.keep(lifeline->read_end.get());
  const auto pid = plan.spawn(settings_.program.string(), std::move(arguments));
  if (!pid) {
    return fail(pid.error());
  }
  auto process = os::open_child(*pid);
  if (!process) {
    return fail(process.error());
  }
  const auto found = os::find_process(*pid);
  identity_ = found ? found->identity : os::ProcessIdentity{.pid = *pid};
  process_ = std::move(*process);
  ready_ = std::move(ready->read_end);
  lifeline_ = std::move(lifeline->write_end);
  ready_text_.clear();
  is_ready_ = false;
  started_ = os::boot_time();
  return {};
}

std::optional<std::string> Daemon::take_ready_line() {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(ready_.get(), buffer.data(), buffer.size());
  if (count < 0) {
    return std::nullopt;
  }
  ready_text_.append(buffer.data(), static_cast<std::size_t>(count));
  const auto end = ready_text_.find('\n');
  if (count == 0 || end != std::string::npos || ready_text_.size() > kMaxReadyBytes) {
    ready_.close();
  }
  if (end == std::string::npos) {
    return std::nullopt;
  }
  is_ready_ = true;
  return ready_text_.substr(0, end);
}

std::optional<std::string> Daemon::take_end() {
  const auto wait_status = os::reap(process_);
  if (!wait_status) {
    return std::nullopt;
  }
  process_.close();
  ready_.close();
  lifeline_.close();
  is_ready_ = false;
  return end_of(*wait_status);
}

void Daemon::send(int signal) const {
  if (is_running()) {
    static_cast<void>(os::send_signal(process_, signal));
  }
}

Milliseconds Backoff::next(Milliseconds lifetime) {
  pause_ = lifetime >= kHealthyAfter || pause_ == Milliseconds{0}
               ? kFirstPause
               : std::min(pause_ * 2, kLongestPause);
  return pause_;
}

}  // namespace sheaf::cli
