// Sheaf's own views: runs for people and the command line, values, schedules, workers, alerts,
// deployments. Pure functions from records to the JSON of docs/api.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "common/model/job_settings.h"
#include "scheduler/core/records.h"
#include "scheduler/store/reader.h"

namespace sheaf::http {

using WorkerNames = std::map<WorkerId, std::string>;

/// What a run's view needs beside its record.
struct RunPlace {
  std::string bundle;
  std::string target;
  std::string resource_key;
  std::uint64_t version = 0;
  std::optional<std::size_t> queue_position;  ///< 1: the next to start.
};

[[nodiscard]] boost::json::object sheaf_run(const core::RunRecord& run, const RunPlace& place);

/// With its tasks. `settings` are those that the run executes.
[[nodiscard]] boost::json::object sheaf_run(const store::RunView& run,
                                            const RunPlace& place,
                                            const model::JobSettings& settings,
                                            const WorkerNames& workers);

/// Iterations `first` … of a for-each task, at most `limit`, and how many there are.
[[nodiscard]] boost::json::object sheaf_iterations(const store::RunView& run,
                                                   core::TaskIndex parent,
                                                   std::size_t first,
                                                   std::size_t limit,
                                                   const WorkerNames& workers);

/// Values of successful tasks, `{"<task>": {"<key>": json}}`.
[[nodiscard]] boost::json::object run_values(const store::RunView& run,
                                             const model::JobSettings& settings);

[[nodiscard]] boost::json::object schedule_view(const core::ScheduleRecord& schedule,
                                                std::string_view job_name,
                                                RunId last_run,
                                                const std::vector<core::SkippedFire>& skipped);

[[nodiscard]] boost::json::object worker_view(const core::WorkerRecord& worker,
                                              std::size_t used,
                                              std::string_view state);

[[nodiscard]] boost::json::object alert_view(const core::AlertRecord& alert);

/// A version of a deployment: who deployed it when, and the keys of its jobs.
[[nodiscard]] boost::json::object version_view(const core::DeploymentRecord& version);
[[nodiscard]] boost::json::object deployment_view(const core::DeploymentRecord& deployment,
                                                  const std::vector<core::JobRecord>& jobs);

}  // namespace sheaf::http
