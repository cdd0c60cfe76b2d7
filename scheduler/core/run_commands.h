// What users ask of runs; see command.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/core/records.h"
#include "scheduler/core/unsettled.h"

namespace sheaf::core {

/// Beginnings of names among a run's overrides that are parameters of an old form, for one kind of
/// task: "notebook_params/<name>". No job parameter can be called so.
inline constexpr std::string_view kNotebookParams = "notebook_params/";
inline constexpr std::string_view kPythonNamedParams = "python_named_params/";

/// Starts or queues a run of a job.
struct SubmitRun {
  JobId job;
  NamedStrings overrides;
  TriggerRecord trigger;
  /// Receipt key under which a repeat finds the same run; empty: none. See ReceiptRecord.
  std::string receipt_key;
  /// How long the receipt counts; zero is for ever.
  Milliseconds receipt_kept{0};
  std::string idempotency_token;
  /// Tasks to run ("train", "+train": with what it depends on, "train+": with what depends on it);
  /// empty: all.
  std::vector<std::string> only;
  /// Instead of the job's own setting.
  std::optional<bool> queue_enabled;
  /// Replace the parameters of every Python script of the job; empty: they stay.
  std::vector<std::string> python_parameters;
};

/// Ends a run, or one task of it, with everything that it has on workers.
struct CancelRun {
  RunId run;
  /// A task run of it: only that task is cancelled. Invalid: the whole run.
  AttemptId attempt;
};

/// Cancels the active runs of a job.
struct CancelAllRuns {
  enum class Which : std::uint8_t { kActive, kQueued };
  JobId job;  ///< Invalid: of all jobs.
  Which which = Which::kActive;
};

/// Forgets a finished run.
struct DeleteRun {
  RunId run;
};

/// Runs a document of settings once, without a job.
struct SubmitOnce {
  std::string settings_digest;
  std::string settings_json;
  SettingsPointer settings;
  TriggerRecord trigger;
  std::string receipt_key;
  std::string idempotency_token;
};

/// Runs part of a finished run again, with the job's settings of now.
struct RepairRun {
  enum class Dependents : std::uint8_t { kOnlyUnsuccessful, kAll };
  RunId run;
  std::vector<std::string> tasks;  ///< Task keys, or empty with `all_failed`.
  bool all_failed = false;
  Dependents dependents = Dependents::kOnlyUnsuccessful;
  /// The last repair that the caller knows of; 0: none.
  std::int64_t latest_repair = 0;
  NamedStrings overrides;                      ///< Beside those that the run has; these win.
  std::vector<std::string> python_parameters;  ///< As in SubmitRun; empty: as the run had them.
};

}  // namespace sheaf::core
