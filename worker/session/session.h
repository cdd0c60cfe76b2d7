// The worker's session with the scheduler: one loop that registers, obeys, watches shims and
// repeats what is not acknowledged. It may be killed at any instant; the next one takes everything
// up from the disk.
//
// Threads: run() owns the loop, the control socket and all attempts; stop() from any thread or a
// signal handler's successor. Preparation and log shipping have threads of their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/model/worker_resources.h"
#include "common/transport/keys.h"
#include "worker/runner/runner.h"

namespace sheaf::session {

struct SessionSettings {
  /// Name under which the worker's key is on the scheduler's allow-list.
  std::string name;
  std::string version;
  std::uint32_t slots = 1;
  std::vector<std::string> labels;
  model::WorkerResources resources{};
  /// Holds leases, attempts, trees, environments; created with mode 0700.
  std::filesystem::path folder;
  std::filesystem::path shim_program;
  /// Contents of the Python package for task code.
  std::filesystem::path runtime_package;
  runner::CgroupUse cgroup_use = runner::CgroupUse::kWherePossible;
  std::string control_endpoint;  ///< tcp://host:port
  std::string log_endpoint;
  std::string server_public_key;
  transport::KeyPair keys;
  /// What is unanswered is said again after this.
  Milliseconds resend_after{2'000};
  /// Without a WELCOME the REGISTER is repeated after this, then after twice as long, and so on up
  /// to 15 s: each replaces the one before, so that a scheduler must have the time to answer one.
  /// Without any message for three of these the connection is opened anew.
  Milliseconds register_again_after{1'000};
  /// Called once, when the first WELCOME has come.
  std::function<void()> on_ready;
  /// Called after every turn of the loop; feeds the service watchdog.
  std::function<void()> on_turn;
};

class Session {
 public:
  /// Locks the folder (kConflict when another agent has it), recovers attempts and connects.
  [[nodiscard]] static Result<std::unique_ptr<Session>> open(SessionSettings settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Serves until stop(). Tasks go on when it returns.
  void run();
  void stop();

 private:
  class Loop;
  explicit Session(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace sheaf::session
