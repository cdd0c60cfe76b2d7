#include "common/os/processes.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <string_view>
#include <system_error>

#include <dirent.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/os/file.h"

namespace sheaf::os {

namespace {

constexpr std::size_t kMaxStatBytes = 4096;
constexpr std::size_t kMaxEnvironmentBytes = 4u << 20;

std::string proc_path(pid_t pid, std::string_view name) {
  return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(" \n"), text.size());
    if (end > 0) {
      words.push_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

template <typename Number>
Number to_number(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The fields behind the name, which itself may hold spaces and parentheses.
std::optional<Process> parse_stat(pid_t pid, std::string_view text) {
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto words = split_words(text.substr(name_end + 1));
  constexpr std::size_t kState = 0;
  constexpr std::size_t kParent = 1;
  constexpr std::size_t kSession = 3;
  constexpr std::size_t kStartTime = 19;
  if (words.size() <= kStartTime) {
    return std::nullopt;
  }
  const std::string_view state = words[kState];
  return Process{
      .identity = {.pid = pid, .start_time = to_number<std::uint64_t>(words[kStartTime])},
      .parent = to_number<pid_t>(words[kParent]),
      .session = to_number<pid_t>(words[kSession]),
      .is_alive = state != "Z" && state != "X" && state != "x"};
}

}  // namespace

std::optional<Process> find_process(pid_t pid) {
  const auto text = read_file(proc_path(pid, "stat"), kMaxStatBytes);
  return text ? parse_stat(pid, *text) : std::nullopt;
}

std::vector<Process> list_processes() {
  std::vector<Process> processes;
  std::error_code error;
  std::filesystem::directory_iterator walk("/proc", error);
  for (const auto end = std::filesystem::directory_iterator(); !error && walk != end;
       walk.increment(error)) {
    const auto pid = to_number<pid_t>(walk->path().filename().native());
    if (const auto process = pid > 0 ? find_process(pid) : std::nullopt) {
      processes.push_back(*process);
    }
  }
  std::ranges::sort(processes, {}, [](const Process& process) { return process.identity.pid; });
  return processes;
}

std::string initial_environment(pid_t pid) {
  return read_file(proc_path(pid, "environ"), kMaxEnvironmentBytes).value_or("");
}

Result<FileDescriptor> open_child(pid_t child) {
  FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (handle.is_open()) {
    return handle;
  }
  const std::string name = "process " + std::to_string(child);
  if (errno == ESRCH) {
    return fail(ErrorCode::kNotFound, name + " has ended");
  }
  return fail(error_of_errno(errno, "cannot open " + name));
}

Result<FileDescriptor> open_process(const ProcessIdentity& identity) {
  auto handle = open_child(identity.pid);
  if (!handle) {
    return handle;
  }
  // The handle holds whoever has the pid now; the check afterwards says whether that is the one
  // meant.
  const auto process = find_process(identity.pid);
  if (!process || process->identity != identity || !process->is_alive) {
    return fail(ErrorCode::kNotFound, "process " + std::to_string(identity.pid) + " has ended");
  }
  return handle;
}

Result<void> send_signal(const FileDescriptor& process, int signal) {
  if (::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0) {
    return {};
  }
  if (errno == ESRCH) {
    return fail(ErrorCode::kNotFound, "the process has ended");
  }
  return fail(error_of_errno(errno, "cannot signal a process"));
}

std::optional<int> reap(const FileDescriptor& process) {
  siginfo_t ended{};
  if (::waitid(P_PIDFD, static_cast<id_t>(process.get()), &ended, WEXITED | WNOHANG) != 0 ||
      ended.si_pid == 0) {
    return std::nullopt;
  }
  return ended.si_code == CLD_EXITED ? W_EXITCODE(ended.si_status, 0)
                                     : W_EXITCODE(0, ended.si_status);
}

Result<std::string> boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id", kMaxStatBytes);
  if (text && text->ends_with('\n')) {
    text->pop_back();
  }
  return text;
}

}  // namespace sheaf::os
