// Commands: requests to the core, each of which decide() may refuse.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "scheduler/core/explanation.h"
#include "scheduler/core/records.h"
#include "scheduler/core/run_commands.h"
#include "scheduler/core/unsettled.h"

namespace sheaf::core {

struct DeployedFiles {
  std::string manifest_digest;
  std::string file_path;
};

/// One job of a deployment as it shall be.
struct DeployedJob {
  std::string resource_key;
  std::string settings_digest;
  std::string settings_json;
  SettingsPointer settings;
  /// Absent: those of the deployment.
  std::optional<DeployedFiles> files{};
};

/// Makes all jobs of a bundle+target what the command says: creates, updates and removes, whole or
/// not at all. Jobs that are gone keep their runs; their schedules end.
struct Deploy {
  std::string bundle;
  std::string target;
  /// The deployment version that the caller saw; a different one is a conflict. Absent: any.
  std::optional<std::uint64_t> expected_version;
  std::string manifest_digest;
  std::string file_path;
  std::string principal;
  std::vector<DeployedJob> jobs;
  /// Resource keys of jobs that stay as they are; the deployment must have them.
  std::vector<std::string> kept;
};

/// Removes a bundle+target with all of its jobs and what is known of its versions. Runs stay.
struct RemoveDeployment {
  std::string bundle;
  std::string target;
  /// As in Deploy.
  std::optional<std::uint64_t> expected_version;
};

/// Starts the run of a run-job task: follows from Settle.
struct StartChildRun {
  TaskRef parent;
  JobId job;  ///< Invalid: the task's resource key names none.
};

/// Plans the iterations of a for-each task whose inputs are a file: follows from Settle.
struct PlanIterations {
  TaskRef parent;
  std::string manifest_digest;
  std::string path;
};

/// What a worker says of an attempt that it holds, at REGISTER.
struct HeldAttempt {
  enum class State : std::uint8_t { kPreparing, kRunning, kFinished };
  AttemptId attempt;
  std::uint64_t fence = 0;
  State state = State::kRunning;
};

/// A worker's session begins. The reply tells what it shall keep, kill and forget.
struct RegisterWorker {
  std::string name;
  std::string boot_id;
  std::string version;
  std::uint32_t slots = 0;
  std::vector<std::string> labels;
  std::vector<HeldAttempt> attempts;
  model::WorkerResources resources{};
  std::vector<std::uint64_t> cached_environments{};
};

/// Nothing was heard of the worker: `kSuspect` stops placement there, `kLeaseOver` gives its
/// attempts up, `kHeardAgain` takes a suspicion back.
struct ReportSilence {
  enum class Verdict : std::uint8_t { kSuspect, kHeardAgain, kLeaseOver };
  WorkerId worker;
  Verdict verdict = Verdict::kSuspect;
};

/// The worker cannot take the attempt (it has no free slot, or is draining): another place is
/// sought. The worker gets no more until it is heard again (ReportSilence) or registers.
struct ReportRejected {
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::string reason;
};

struct ReportStarted {
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;
  Timestamp started;  ///< Worker's wall clock, for people.
};

/// Values that the attempt has published so far: replaces what was staged before.
struct ReportValues {
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::vector<TaskValue> values;
};

struct ReportResult {
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;
  model::AttemptOutcome outcome;
};

/// How iterations of a stream ended, while its process goes on. What is recorded already stays.
struct ReportOutcomes {
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;
  bool is_ready = false;  ///< The process has said that it begins to read.
  std::vector<model::StreamOutcome> entries;
};

/// Records the next nominal time of a schedule, for views and for restarts.
struct ArmTrigger {
  TriggerId trigger;
  Timestamp next;
};

/// A nominal time has come. Starts one run with `nominal`; `skipped` are earlier missed ones.
struct FireTrigger {
  TriggerId trigger;
  JobId job;  ///< The schedule's job, as the watcher was told.
  Timestamp nominal;
  /// The nominal time after now; kNoTime: the expression never fires again.
  Timestamp following;
  std::vector<Timestamp> skipped;
};

struct SetHookSecret {
  JobId job;
  std::string hook;
  std::string sealed;
};

/// What came of one try to deliver an alert.
struct SettleAlert {
  enum class Outcome : std::uint8_t { kDelivered, kPostponed, kDropped };
  AlertId alert;
  Outcome outcome = Outcome::kDelivered;
  Timestamp next_try;  ///< For kPostponed.
  std::string error;
};

/// Deadlines may have passed; posted by the engine when next_deadline() is reached.
struct AdvanceTime {};

/// Where ready tasks shall go; made by placement::plan, verified here.
struct LeaseTasks {
  struct Lease {
    RunId run;
    TaskIndex task = 0;
    WorkerId worker;
    std::vector<std::uint32_t> gpus{};  ///< Devices, ascending.
  };
  std::vector<Lease> leases;
};

/// Draws the consequences of what was applied. The engine takes the work from State
/// (take_follow_ups) and decides it until nothing is left, all within the batch; a crash in between
/// loses nothing, since the work is derived.
struct Settle {
  Unsettled work;
};

/// The scheduler starts: a new epoch.
struct BeginEpoch {};

/// Makes or changes a pool; tasks under way go on when the limit falls below them.
struct SetPool {
  std::string name;
  std::uint32_t limit = 0;
};

/// From then on the name limits nothing.
struct RemovePool {
  std::string name;
};

using Command = std::variant<Deploy,
                             RemoveDeployment,
                             SubmitRun,
                             CancelRun,
                             RegisterWorker,
                             ReportSilence,
                             ReportRejected,
                             ReportStarted,
                             ReportValues,
                             ReportResult,
                             ArmTrigger,
                             FireTrigger,
                             SetHookSecret,
                             SettleAlert,
                             AdvanceTime,
                             LeaseTasks,
                             Settle,
                             BeginEpoch,
                             CancelAllRuns,
                             DeleteRun,
                             SubmitOnce,
                             RepairRun,
                             StartChildRun,
                             PlanIterations,
                             SetPool,
                             RemovePool,
                             Explain,
                             ExplainJob,
                             ReportOutcomes>;

}  // namespace sheaf::core
