#include "common/os/service.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

namespace sheaf::os {

Result<StopSignal> StopSignal::open(int lifeline) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (::pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0) {
    return fail(ErrorCode::kInternal, "pthread_sigmask failed");
  }
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  FileDescriptor descriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
  if (!descriptor.is_open()) {
    return fail(error_of_errno(errno, "signalfd"));
  }
  if (lifeline >= 0 && ::fcntl(lifeline, F_SETFD, FD_CLOEXEC) != 0) {
    return fail(error_of_errno(errno, "--lifeline-fd"));
  }
  return StopSignal(std::move(descriptor), FileDescriptor(lifeline));
}

std::string StopSignal::wait() const {
  std::array<pollfd, 2> sources{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = lifeline_.get(), .events = POLLIN, .revents = 0}};
  while (true) {
    if (::poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) {
      return "poll failed";
    }
    if ((sources[0].revents & POLLIN) != 0) {
      signalfd_siginfo info{};
      [[maybe_unused]] const ssize_t length = ::read(signals_.get(), &info, sizeof info);
      return info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
    }
    if (sources[1].revents != 0) {
      char byte = 0;
      if (::read(lifeline_.get(), &byte, 1) <= 0) {
        return "the starter is gone";
      }
    }
  }
}

void report_ready(int ready_descriptor, std::string_view line) {
  if (ready_descriptor >= 0) {
    FileDescriptor pipe(ready_descriptor);
    static_cast<void>(write_all(pipe.get(), std::string(line) + "\n", "--ready-fd"));
  }
  static_cast<void>(::sd_notify(0, "READY=1"));
}

void report_stopping() {
  static_cast<void>(::sd_notify(0, "STOPPING=1"));
}

void feed_watchdog() {
  static_cast<void>(::sd_notify(0, "WATCHDOG=1"));
}

}  // namespace sheaf::os
