#include "cli/local/supervisor.h"

#include <algorithm>
#include <csignal>
#include <memory>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/local/wind_down.h"
#include "cli/scheduler.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr Milliseconds kPredecessorPatience{30'000};
constexpr Milliseconds kReadyPatience{120'000};
constexpr Milliseconds kStopPatience{10'000};
constexpr std::size_t kMaxTokenBytes = 4u << 10;

DaemonSettings scheduler_settings(const SupervisorSettings& settings) {
  return {.name = "sheaf-scheduler",
          .program = settings.program_folder / "sheaf-scheduler",
          .arguments = {"--data",
                        settings.data_folder.string(),
                        "--listen",
                        "127.0.0.1:" + std::to_string(settings.port)}};
}

DaemonSettings worker_settings(const SupervisorSettings& settings) {
  return {.name = "sheaf-worker",
          .program = settings.program_folder / "sheaf-worker",
          .arguments = {"--data",
                        (settings.data_folder / "worker").string(),
                        "--scheduler-data",
                        settings.data_folder.string(),
                        "--name",
                        "local",
                        "--slots",
                        std::to_string(settings.slots)}};
}

Result<os::FileDescriptor> take_signals() {
  sigset_t stopping;
  ::sigemptyset(&stopping);
  ::sigaddset(&stopping, SIGINT);
  ::sigaddset(&stopping, SIGTERM);
  if (::sigprocmask(SIG_BLOCK, &stopping, nullptr) != 0) {
    return fail(os::error_of_errno(errno, "sigprocmask"));
  }
  os::FileDescriptor signals(::signalfd(-1, &stopping, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.is_open()) {
    return fail(os::error_of_errno(errno, "signalfd"));
  }
  return signals;
}

/// poll(2) for reading; descriptors below 0 are left out.
void wait_for(std::vector<int> descriptors, Milliseconds time) {
  std::vector<pollfd> waited;
  for (const int descriptor : descriptors) {
    waited.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
  }
  static_cast<void>(::poll(waited.data(), waited.size(), static_cast<int>(time.count())));
}

}  // namespace

Result<std::unique_ptr<Supervisor>> Supervisor::open(const SupervisorSettings& settings) {
  if (auto made = os::make_private_folder(settings.data_folder); !made) {
    return fail(made.error());
  }
  auto lock = UpLock::take(settings.data_folder);
  if (!lock) {
    return fail(lock.error());
  }
  // A killed predecessor could not take its endpoint away.
  std::error_code ignored;
  std::filesystem::remove(local_endpoint_path(settings.data_folder), ignored);
  if (auto alone = lock->await_predecessors(kPredecessorPatience); !alone) {
    return fail(alone.error());
  }
  auto signals = take_signals();
  if (!signals) {
    return fail(signals.error());
  }
  return std::unique_ptr<Supervisor>(
      new Supervisor(settings, std::move(*lock), std::move(*signals)));
}

Supervisor::Supervisor(SupervisorSettings settings, UpLock lock, os::FileDescriptor signals)
    : settings_(std::move(settings)),
      lock_(std::move(lock)),
      signals_(std::move(signals)),
      scheduler_(scheduler_settings(settings_)),
      worker_(worker_settings(settings_)) {}

Result<void> Supervisor::run(const std::function<void(const Ready&)>& on_ready) {
  on_ready_ = on_ready;
  auto served = start(scheduler_);
  if (served) {
    served = supervise();
  }
  if (served && !settings_.keeps_tasks) {
    wind_down();
  }
  stop_all();
  return served;
}

Result<void> Supervisor::supervise() {
  while (!take_signal()) {
    for (Watched* watched : {&scheduler_, &worker_}) {
      if (auto attended = attend(*watched); !attended) {
        return attended;
      }
    }
    wait();
  }
  return {};
}

Result<void> Supervisor::start(Watched& watched) {
  watched.restart_at.reset();
  if (auto started = watched.daemon.start(); !started) {
    return started;
  }
  std::vector<os::ProcessIdentity> daemons;
  for (const Watched* one : {&scheduler_, &worker_}) {
    if (one->daemon.is_running()) {
      daemons.push_back(one->daemon.identity());
    }
  }
  return lock_.write(daemons);
}

Result<void> Supervisor::attend(Watched& watched) {
  Daemon& daemon = watched.daemon;
  if (daemon.ready_descriptor() >= 0 && os::is_readable(daemon.ready_descriptor())) {
    if (const auto line = daemon.take_ready_line()) {
      if (auto taken = take_ready(watched, *line); !taken) {
        return taken;
      }
    }
  }
  if (daemon.is_running()) {
    if (const auto end = daemon.take_end()) {
      return take_end(watched, *end);
    }
  }
  const Milliseconds now = os::boot_time();
  if (daemon.is_running() && !daemon.is_ready() && now > daemon.started() + kReadyPatience) {
    say(daemon.name() + " is not ready after " + duration_text(kReadyPatience) + "; ending it");
    daemon.send(SIGKILL);
  }
  if (watched.restart_at && now >= *watched.restart_at) {
    return start(watched);
  }
  return {};
}

Result<void> Supervisor::take_ready(Watched& watched, const std::string& line) {
  watched.was_ready = true;
  if (&watched == &scheduler_) {
    const auto ready = parse_object(line, watched.daemon.name());
    if (!ready) {
      return fail(ready.error());
    }
    endpoint_ = {.url = text_at(*ready, "url"),
                 .token_file = settings_.data_folder / "token",
                 .scheduler_id = text_at(*ready, "scheduler_id"),
                 .pid = ::getpid()};
    if (!worker_.was_ready) {
      return worker_.daemon.is_running() ? Result<void>() : start(worker_);
    }
  }
  if (auto written = write_local_endpoint(settings_.data_folder, endpoint_); !written) {
    return written;
  }
  if (!has_announced_) {
    has_announced_ = true;
    on_ready_({.endpoint = endpoint_,
               .scheduler = scheduler_.daemon.identity().pid,
               .worker = worker_.daemon.identity().pid});
  } else {
    say(watched.daemon.name() + " is ready again");
  }
  return {};
}

Result<void> Supervisor::take_end(Watched& watched, const std::string& end) {
  const std::string what = watched.daemon.name() + " ended (" + end + ")";
  if (!watched.was_ready) {
    return fail(ErrorCode::kInternal, what + " before it was ready; its own words stand above");
  }
  const Milliseconds now = os::boot_time();
  const Milliseconds pause = watched.backoff.next(now - watched.daemon.started());
  watched.restart_at = now + pause;
  say(what + "; starting it again in " + duration_text(pause));
  return {};
}

void Supervisor::wait() const {
  std::vector<int> descriptors{signals_.get()};
  Milliseconds time{60'000};
  const Milliseconds now = os::boot_time();
  for (const Watched* watched : {&scheduler_, &worker_}) {
    descriptors.push_back(watched->daemon.process_descriptor());
    descriptors.push_back(watched->daemon.ready_descriptor());
    if (watched->restart_at) {
      time = std::clamp(*watched->restart_at - now, Milliseconds{0}, time);
    }
  }
  wait_for(std::move(descriptors), time);
}

bool Supervisor::take_signal() const {
  signalfd_siginfo signal{};
  return ::read(signals_.get(), &signal, sizeof signal) == sizeof signal;
}

bool Supervisor::wait_for_signal(Milliseconds time) const {
  wait_for({signals_.get()}, time);
  return take_signal();
}

void Supervisor::wind_down() const {
  const auto token = os::read_file(endpoint_.token_file, kMaxTokenBytes);
  const auto address = parse_web_address(endpoint_.url);
  if (!scheduler_.daemon.is_ready() || !token || !address) {
    return;
  }
  auto parsed = parse_token(*token, endpoint_.token_file.string());
  auto scheduler = Scheduler::connect({.address = *address,
                                       .token = parsed.value_or(""),
                                       .scheduler_id = endpoint_.scheduler_id,
                                       .pid = {}});
  auto cancelled =
      scheduler
          ? cancel_active_runs(
                *scheduler, {.pause = [this](Milliseconds time) { return wait_for_signal(time); }})
          : Result<void>(fail(scheduler.error()));
  if (!cancelled) {
    say("Warning: " + cancelled.error().message);
  }
}

void Supervisor::stop(Watched& watched) const {
  Daemon& daemon = watched.daemon;
  daemon.send(SIGTERM);
  const Milliseconds deadline = os::boot_time() + kStopPatience;
  while (daemon.is_running() && !daemon.take_end()) {
    const Milliseconds left = deadline - os::boot_time();
    if (left <= Milliseconds{0}) {
      say(daemon.name() + " does not end; killing it");
      daemon.send(SIGKILL);
    }
    wait_for({daemon.process_descriptor()}, std::max(left, Milliseconds{1'000}));
  }
}

void Supervisor::stop_all() {
  stop(worker_);
  stop(scheduler_);
  std::error_code ignored;
  std::filesystem::remove(local_endpoint_path(settings_.data_folder), ignored);
  static_cast<void>(lock_.write({}));
}

}  // namespace sheaf::cli
