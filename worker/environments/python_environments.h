// Virtual environments, one a set of interpreter, dependencies and runtime package, built once with
// uv and kept by content hash. A finished one is used without network, without uv and without a
// check. Threads: any; equal environments are built by one thread while others wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/job_settings.h"
#include "worker/environments/keyed_locks.h"

namespace sheaf::environments {

struct PythonEnvironment {
  std::filesystem::path python;
  std::filesystem::path bin_folder;
  std::vector<std::string> warnings;
};

class PythonEnvironments {
 public:
  /// `folder` holds the environments; `runtime_package` is copied into each one's site-packages.
  PythonEnvironments(std::filesystem::path folder, std::filesystem::path runtime_package);

  /// Fails with kInvalid and the resolver's text when the dependencies cannot be installed.
  [[nodiscard]] Result<PythonEnvironment> get(const model::EnvironmentSettings& settings,
                                              const std::filesystem::path& working_folder,
                                              const std::atomic<bool>& is_cancelled);

  /// Remembers that the environment serves settings of this fingerprint, which are those that the
  /// scheduler knows: paths in them are not yet those of this machine. A hint: failures are not
  /// told. Threads: any.
  void note_use(std::uint64_t fingerprint, const PythonEnvironment& environment) const;

  /// Fingerprints noted of environments that are complete, the one used last first, at most
  /// kMaxCachedEnvironments. Threads: any.
  [[nodiscard]] std::vector<std::uint64_t> cached() const;

 private:
  struct Plan {
    std::filesystem::path interpreter;
    std::filesystem::path target;
    const model::EnvironmentSettings& settings;
    const std::filesystem::path& working_folder;
  };

  [[nodiscard]] Result<void> build(const Plan& plan, const std::atomic<bool>& is_cancelled) const;
  [[nodiscard]] Result<void> install(const Plan& plan, const std::atomic<bool>& is_cancelled) const;
  [[nodiscard]] Result<void> add_runtime(const Plan& plan) const;

  std::filesystem::path folder_;
  std::filesystem::path runtime_package_;
  std::string runtime_digest_;
  KeyedLocks locks_;
};

}  // namespace sheaf::environments
