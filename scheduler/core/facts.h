// Facts: the stored records that a decision needs beside State, and runs as they are stored.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "scheduler/core/command.h"
#include "scheduler/core/iteration_inputs.h"
#include "scheduler/core/records.h"

namespace sheaf::core {

/// One run as stored: the inverse of what the engine encodes.
struct StoredRun {
  RunRecord record;
  SettingsPointer settings;
  std::vector<TaskRow> rows;
  std::map<TaskIndex, TaskDetails> details;
  std::vector<InputsPointer> inputs;  ///< Of the blocks.
};

/// Which stored records decide() needs for a command.
struct ReadSet {
  std::optional<JobId> job;
  /// Bundle and target; brings the deployment and all of its jobs.
  std::optional<std::pair<std::string, std::string>> deployment;
  std::optional<std::string> receipt;
  std::optional<AlertId> alert;
  /// For RunId-addressed commands whose run may be over.
  std::optional<RunId> run;
  /// A finished run whole, with its job as `job`.
  std::optional<RunId> finished_run;
  /// A file of a deployment: digest of the manifest, path.
  std::optional<std::pair<std::string, std::string>> file;
};

[[nodiscard]] ReadSet reads(const Command& command);

/// The records of a ReadSet as they stand after the commands decided before; absent where there are
/// none.
struct Facts {
  std::optional<JobRecord> job;
  SettingsPointer job_settings;  ///< Present when `job` is.
  std::optional<DeploymentRecord> deployment;
  std::vector<JobRecord> deployment_jobs;
  std::optional<ReceiptRecord> receipt;
  std::optional<AlertRecord> alert;
  std::optional<RunState> run_state;  ///< Of a run that is no longer live.
  bool receipt_run_exists = true;     ///< Whether the run of `receipt` is still stored.
  std::shared_ptr<const StoredRun> finished_run;
  Result<std::string> file = fail(ErrorCode::kNotFound, "no file was asked for");
};

}  // namespace sheaf::core
