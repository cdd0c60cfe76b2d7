// `sheaf up`: one scheduler and one worker on this machine, kept alive until a signal comes.
// One thread; it must be the only one, since signals are taken from a descriptor.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "cli/endpoint.h"
#include "cli/local/daemon.h"
#include "cli/local/up_lock.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/file.h"

namespace sheaf::cli {

struct SupervisorSettings {
  std::filesystem::path data_folder;
  /// Where sheaf-scheduler and sheaf-worker stand.
  std::filesystem::path program_folder;
  int port = 7437;  ///< 0: any, the last one if it is free.
  int slots = 1;
  /// Running tasks go on after the end.
  bool keeps_tasks = false;
};

class Supervisor {
 public:
  /// Takes the folder's lock and blocks SIGINT and SIGTERM. Fails with kConflict when another
  /// `sheaf up` is there.
  [[nodiscard]] static Result<std::unique_ptr<Supervisor>> open(const SupervisorSettings& settings);

  struct Ready {
    LocalEndpoint endpoint;
    pid_t scheduler = 0;
    pid_t worker = 0;
  };

  /// Runs until SIGINT or SIGTERM. `on_ready` is called once, when both daemons are ready and the
  /// endpoint is written. Fails when a daemon ends before it was ever ready.
  [[nodiscard]] Result<void> run(const std::function<void(const Ready&)>& on_ready);

 private:
  struct Watched {
    explicit Watched(DaemonSettings settings) : daemon(std::move(settings)) {}
    Daemon daemon;
    Backoff backoff;
    bool was_ready = false;
    /// When to start it again; none while it runs or shall not run.
    std::optional<Milliseconds> restart_at;
  };

  Supervisor(SupervisorSettings settings, UpLock lock, os::FileDescriptor signals);

  [[nodiscard]] Result<void> start(Watched& watched);
  [[nodiscard]] Result<void> supervise();
  /// Waits for something to happen, at most until the next restart is due.
  void wait() const;
  [[nodiscard]] bool take_signal() const;
  /// True when a signal came within `time`.
  [[nodiscard]] bool wait_for_signal(Milliseconds time) const;
  [[nodiscard]] Result<void> attend(Watched& watched);
  [[nodiscard]] Result<void> take_ready(Watched& watched, const std::string& line);
  [[nodiscard]] Result<void> take_end(Watched& watched, const std::string& end);
  void wind_down() const;
  void stop(Watched& watched) const;
  void stop_all();

  SupervisorSettings settings_;
  UpLock lock_;
  os::FileDescriptor signals_;
  Watched scheduler_;
  Watched worker_;
  LocalEndpoint endpoint_;
  std::function<void(const Ready&)> on_ready_;
  bool has_announced_ = false;
};

}  // namespace sheaf::cli
