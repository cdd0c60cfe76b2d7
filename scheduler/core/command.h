// Commands: requests to the core, each of which decide() may refuse; and Facts, the stored records
// that a decision needs beside State.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "scheduler/core/records.h"

namespace sheaf::core {

/// A compiled settings document. Immutable and shared by the runs that use it, so that a thousand
/// queued runs of a job hold one copy.
using SettingsPointer = std::shared_ptr<const model::JobSettings>;

/// One job of a deployment as it shall be.
struct DeployedJob {
  std::string resource_key;
  std::string settings_digest;
  std::string settings_json;
  SettingsPointer settings;
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
};

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
};

struct CancelRun {
  RunId run;
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

/// Work that apply() uncovered and from which conclusions are to be drawn; derived, never stored.
struct Unsettled {
  std::vector<TaskRef> unblocked;  ///< All dependencies finished, not judged yet.
  std::vector<TaskRef> stoppable;  ///< Tasks of stopping runs that have not started.
  std::set<RunId> finished_runs;   ///< No unfinished task, run not terminal.
  std::set<JobId> startable_jobs;  ///< A queue and a free place beside the running ones.

  [[nodiscard]] bool is_empty() const {
    return unblocked.empty() && finished_runs.empty() && startable_jobs.empty() &&
           stoppable.empty();
  }
};

/// Draws the consequences of what was applied. The engine takes the work from State
/// (take_unsettled) and posts it until nothing is left; a crash in between loses nothing, since the
/// work is derived.
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
                             SetPool,
                             RemovePool>;

/// Which stored records decide() needs for a command.
struct ReadSet {
  std::optional<JobId> job;
  /// Bundle and target; brings the deployment and all of its jobs.
  std::optional<std::pair<std::string, std::string>> deployment;
  std::optional<std::string> receipt;
  std::optional<AlertId> alert;
  /// For RunId-addressed commands whose run may be over.
  std::optional<RunId> run;
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
};

}  // namespace sheaf::core
