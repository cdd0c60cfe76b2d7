// A bundle's deployment from both sides: as the bundle here wants it, and as it stands on the
// scheduler.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "bundles/files.h"
#include "bundles/loader.h"
#include "bundles/plan.h"
#include "cli/bundle_folder.h"
#include "cli/invocation.h"
#include "common/base/result.h"

namespace sheaf::cli {

struct StandingDeployment {
  std::int64_t version = 0;  ///< 0: there is none.
  std::string manifest_digest;
  std::vector<bundles::PlannedState> jobs;
  std::map<std::string, std::int64_t> job_ids;
};

struct DesiredDeployment {
  bundles::LoadedBundle bundle;
  bundles::HashedTree tree;

  [[nodiscard]] DeploymentName name() const {
    return {.bundle = bundle.name, .target = bundle.target};
  }
  [[nodiscard]] std::vector<bundles::PlannedState> jobs() const;
  /// Keys of standing jobs that stay as they are: those that `--allow-unsupported` left out.
  [[nodiscard]] std::vector<std::string> kept_jobs(const StandingDeployment& standing) const;
  /// Names all that a deployment would send: equal exactly when that is equal.
  [[nodiscard]] std::string digest() const;
};

struct PreparedDeployment {
  DesiredDeployment desired;
  Scheduler scheduler;
};

/// Loads the bundle, connects, builds its artifacts, shows its findings and hashes its files; runs
/// its scripts around that. Fails with kInvalid when the bundle has errors.
[[nodiscard]] Result<PreparedDeployment> prepare_deployment(const Invocation& invocation);

/// Lists and hashes the bundle's files anew.
[[nodiscard]] Result<void> hash_again(DesiredDeployment& desired);

[[nodiscard]] Result<StandingDeployment> read_standing(Scheduler& scheduler,
                                                       const DeploymentName& name);

/// What became of each job, a line each: "updated jobs.wine (job 7)".
[[nodiscard]] std::string changes_text(const boost::json::object& answer);

}  // namespace sheaf::cli
