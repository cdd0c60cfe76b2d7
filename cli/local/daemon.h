// One daemon that `sheaf up` starts, watches and stops. It learns of the end of `sheaf up`,
// whatever way that ends, by the end of file of its lifeline. One thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/os/file.h"
#include "common/os/processes.h"

namespace sheaf::cli {

struct DaemonSettings {
  std::string name;
  std::filesystem::path program;
  /// Without the descriptors of readiness and lifeline.
  std::vector<std::string> arguments;
};

class Daemon {
 public:
  explicit Daemon(DaemonSettings settings) : settings_(std::move(settings)) {}
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// REQUIRES: it is not running.
  [[nodiscard]] Result<void> start();

  [[nodiscard]] bool is_running() const { return process_.is_open(); }
  [[nodiscard]] bool is_ready() const { return is_ready_; }
  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] os::ProcessIdentity identity() const { return identity_; }
  /// When it was started, on the clock since boot.
  [[nodiscard]] Milliseconds started() const { return started_; }

  /// Becomes readable when the process ends; -1 while there is none.
  [[nodiscard]] int process_descriptor() const { return process_.get(); }
  /// Becomes readable when the daemon says that it is ready; -1 once it has, or gave up.
  [[nodiscard]] int ready_descriptor() const { return ready_.get(); }

  /// Takes what the daemon says of its readiness: its line of JSON, once it is whole.
  [[nodiscard]] std::optional<std::string> take_ready_line();

  /// After its end: "exit code 1", "signal 9". Nothing while it still runs.
  [[nodiscard]] std::optional<std::string> take_end();

  /// Sends `signal`; nothing happens if it has ended.
  void send(int signal) const;

 private:
  DaemonSettings settings_;
  os::FileDescriptor process_;
  os::FileDescriptor ready_;
  os::FileDescriptor lifeline_;
  os::ProcessIdentity identity_;
  std::string ready_text_;
  bool is_ready_ = false;
  Milliseconds started_{0};
};

/// How long to wait before the next start of a daemon that ended: 0.2 s, doubled at each further
/// end up to 10 s, from the beginning again after 60 s of life.
class Backoff {
 public:
  [[nodiscard]] Milliseconds next(Milliseconds lifetime);

 private:
  Milliseconds pause_{0};
};

}  // namespace sheaf::cli
