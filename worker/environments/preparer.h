// Turns an attempt's spec into something that can be launched: the deployment's files as a
// read-only tree, a Python environment, and the task's whole environment. Blocking: called on the
// session's preparing threads, never on its loop. Threads: prepare() from several at once; equal
// trees and environments are built once.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/model/attempt.h"
#include "worker/environments/file_trees.h"
#include "worker/environments/python_environments.h"

namespace sheaf::environments {

struct PreparerSettings {
  /// Holds blobs, trees, environments and caches; created with mode 0700.
  std::filesystem::path folder;
  /// Contents of the Python package that task code finds beside it (python/src).
  std::filesystem::path runtime_package;
};

/// What is to be launched.
struct PreparedAttempt {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;
  std::filesystem::path working_folder;
  /// For people, kept with the attempt: "Python 3.12 is not here; used 3.11".
  std::vector<std::string> warnings;
};

struct PrepareRequest {
  const model::AttemptSpec& spec;
  const std::string& token;
  const std::string& http_base_url;
  /// Set when the attempt is no longer wanted; waits and builds end early then.
  const std::atomic<bool>& is_cancelled;
};

class Preparer {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Preparer>> open(PreparerSettings settings);
  ~Preparer();
  Preparer(const Preparer&) = delete;
  Preparer& operator=(const Preparer&) = delete;

  /// Fails with the text that the task's author needs: the resolver's output of an environment that
  /// cannot be built, the missing file, why the scheduler gave no blob.
  [[nodiscard]] Result<PreparedAttempt> prepare(const PrepareRequest& request);

  /// Fingerprints of the Python environments that are ready, the one used last first, at most
  /// kMaxCachedEnvironments. Threads: any.
  [[nodiscard]] std::vector<std::uint64_t> cached_environments() const {
    return environments_.cached();
  }

 private:
  explicit Preparer(PreparerSettings settings);
  /// Puts the interpreter before the script; returns the folder of the environment's programs.
  [[nodiscard]] Result<std::filesystem::path> prepare_python(const PrepareRequest& request,
                                                             PreparedAttempt& prepared);

  PreparerSettings settings_;
  FileTrees trees_;
  PythonEnvironments environments_;
};

}  // namespace sheaf::environments
