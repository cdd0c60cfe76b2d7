// The scheduler's parts, made in the order in which they need each other, and their orderly end.
// Threads: main's; the parts have their own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "scheduler/placement/placement.h"

namespace sheaf::scheduler {

struct DaemonSettings {
  /// Holds everything that the scheduler keeps; created with mode 0700.
  std::filesystem::path data;
  std::string http_address = "127.0.0.1";
  /// 0: the port of the last start, or any free one at the first.
  std::uint16_t http_port = 7437;
  /// "tcp://host:port"; empty: the address of the last start, or any free loopback port at the
  /// first.
  std::string control_endpoint;
  std::string log_endpoint;
  /// Host names under which workers reach this scheduler, if not the address itself.
  std::string advertised_url;
  placement::Policy placement = placement::Policy::kSpread;
};

class Daemon {
 public:
  /// Recovers, listens and serves when this returns.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> start(const DaemonSettings& settings);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// One line of JSON for whoever waits for readiness: url, control, log, scheduler_id, pid.
  [[nodiscard]] const std::string& ready_line() const { return ready_line_; }

 private:
  struct Parts;
  explicit Daemon(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
  std::string ready_line_;
};

}  // namespace sheaf::scheduler
