// Records of what is deployed, and the events that change them. As records.h and event.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/boxed.h"
#include "common/base/id.h"
#include "common/base/time.h"

namespace sheaf::core {

/// Which job a run-job task's resource key means: resolved when the deployment is recorded.
struct JobLink {
  std::string resource_key;
  JobId job;
  friend bool operator==(const JobLink&, const JobLink&) = default;
};

/// A job as deployed. `settings_json` itself is stored once per digest.
struct JobRecord {
  JobId id;
  DeploymentId deployment;
  std::string resource_key;  ///< "wine" of resources.jobs.wine.
  std::string name;
  std::string settings_digest;  ///< Hex SHA-256 of the settings document.
  std::string manifest_digest;  ///< The deployment's files when the job was last deployed.
  std::string file_path;        ///< Workspace path of the files.
  std::string creator;
  Timestamp created = kNoTime;
  Timestamp updated = kNoTime;
  TriggerId schedule;  ///< Invalid: the job has no schedule.
  std::vector<JobLink> links;
  friend bool operator==(const JobRecord&, const JobRecord&) = default;
};

/// What a version of a deployment says of one of its jobs: enough to deploy it again.
struct DeployedContent {
  std::string resource_key;
  std::string settings_digest;
  std::string manifest_digest;
  std::string file_path;
  friend bool operator==(const DeployedContent&, const DeployedContent&) = default;
};

/// A bundle+target as it stands on this scheduler; also one of the versions before.
struct DeploymentRecord {
  DeploymentId id;
  std::string bundle;
  std::string target;
  std::uint64_t version = 0;  ///< 1 for the first deploy, +1 each time.
  std::string manifest_digest;
  std::string file_path;
  std::string deployed_by;
  Timestamp deployed = kNoTime;
  std::vector<JobId> jobs;
  std::vector<DeployedContent> contents;  ///< Of the jobs, in the same order.
  friend bool operator==(const DeploymentRecord&, const DeploymentRecord&) = default;
};

struct DeploymentRecorded {
  DeploymentRecord deployment;
};

/// With all that is known of its versions.
struct DeploymentRemoved {
  DeploymentId deployment;
  std::string bundle;
  std::string target;
};

/// A job was created or changed. `settings_json` is empty when the digest was stored before.
struct JobRecorded {
  Boxed<JobRecord> job;
  std::string settings_json;
  std::int64_t max_concurrent_runs = 1;
  std::int64_t timeout_s = 0;
};

struct JobRemoved {
  JobId job;
};

}  // namespace sheaf::core
