#include "tests/unit/worker/runner/traced_shim.h"

#include <csignal>
#include <string>

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sheaf::runner {

namespace {

constexpr int kSystemCallStop = SIGTRAP | 0x80;  // with PTRACE_O_TRACESYSGOOD

}  // namespace

TracedShim::TracedShim(const AttemptFolder& folder) {
  const std::string path = folder.path.string();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
    ::execl(SHEAF_SHIM_PROGRAM, "sheaf-shim", path.c_str(), nullptr);
    ::_exit(1);
  }
  int status = 0;
  traced_ =
      ::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status) &&
      ::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) == 0;
  if (!traced_ && !WIFSTOPPED(status)) {
    status_ = status;
  }
}

TracedShim::~TracedShim() {
  kill();
}

bool TracedShim::resume(int request, int signal) {
  if (status_) {
    return false;
  }
  int status = 0;
  if (::ptrace(static_cast<__ptrace_request>(request), pid_, nullptr, signal) != 0 ||
      ::waitpid(pid_, &status, 0) != pid_) {
    return false;
  }
  if (!WIFSTOPPED(status)) {
    status_ = status;
    return false;
  }
  if (WSTOPSIG(status) == kSystemCallStop) {
    return note_stop() || resume(request, 0);
  }
  return resume(request, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
}

bool TracedShim::note_stop() {
  __ptrace_syscall_info info{};
  ::ptrace(PTRACE_GET_SYSCALL_INFO, pid_, sizeof info, &info);
  const bool begins = info.op == PTRACE_SYSCALL_INFO_ENTRY;
  sync_count_ += begins && (info.entry.nr == SYS_fsync || info.entry.nr == SYS_fdatasync) ? 1 : 0;
  return !begins;
}

bool TracedShim::step() {
  return resume(PTRACE_SYSCALL, 0);
}

int TracedShim::finish() {
  while (step()) {
  }
  return status_ && WIFEXITED(*status_) ? WEXITSTATUS(*status_) : -1;
}

void TracedShim::kill() {
  if (status_) {
    return;
  }
  ::kill(pid_, SIGKILL);  // our own child, not yet reaped: the pid is its
  int status = 0;
  while (::waitpid(pid_, &status, 0) == pid_ && WIFSTOPPED(status)) {
  }
  status_ = status;
}

}  // namespace sheaf::runner
