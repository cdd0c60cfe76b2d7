// Records: the plain values that outlive a batch. The store encodes them, HTTP views are made of
// them, and Facts hand them to decide(). Nothing here has behaviour; enumerations are append-only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/model/attempt.h"
#include "common/model/job_settings.h"
#include "common/model/states.h"
#include "scheduler/core/alert_record.h"
#include "scheduler/core/deployment_records.h"
#include "scheduler/core/worker_record.h"

namespace sheaf::core {

using model::AttemptEnd;
using model::NamedStrings;
using model::StopReason;
using model::TaskState;
using model::TaskValue;
using model::TriggerKind;

/// Position of a task in its run: 0 … task_count-1, in settings order.
using TaskIndex = std::uint32_t;

struct TaskRef {
  RunId run;
  TaskIndex task = 0;
  friend auto operator<=>(const TaskRef&, const TaskRef&) = default;
};

/// Consecutive rows of a run.
struct TaskRange {
  TaskIndex first = 0;
  std::uint32_t count = 0;
  friend bool operator==(const TaskRange&, const TaskRange&) = default;
};

[[nodiscard]] std::uint32_t row_count(const std::vector<TaskRange>& ranges);

/// Who or what started a run.
struct TriggerRecord {
  TriggerKind kind = TriggerKind::kManual;
  TriggerId trigger;            ///< For schedules.
  Timestamp nominal = kNoTime;  ///< For schedules: the instant that the expression names.
  std::string hook;             ///< For hooks: its name.
  std::string delivery;         ///< For hooks: the deduplication key.
  std::string principal;        ///< For manual runs: who asked.
  TaskRef parent;               ///< For run-job: the task that started the run.
  friend bool operator==(const TriggerRecord&, const TriggerRecord&) = default;
};

/// The iterations of a for-each task: rows `first` … `first + count - 1` of its run.
struct IterationBlock {
  TaskIndex parent = 0;
  TaskIndex first = 0;
  std::uint32_t count = 0;
  /// The first attempt of iteration i has id `first_attempt + i`, until a repair.
  AttemptId first_attempt;
  friend bool operator==(const IterationBlock&, const IterationBlock&) = default;
};

enum class RunType : std::uint8_t {
  kJob = 0,        ///< Of a deployed job.
  kSubmitted = 1,  ///< One-time: its job exists for this run only.
};

/// One pass through a run's tasks: the original one, or a repair.
struct RepairRecord {
  std::int64_t id = 0;  ///< 0 for the original pass.
  Timestamp started = kNoTime;
  Timestamp ended = kNoTime;  ///< kNoTime while it is under way.
  RunState state = RunState::kQueued;
  std::string message;
  std::vector<AttemptId> attempts;  ///< First attempts of the tasks that this repair runs again.
  friend bool operator==(const RepairRecord&, const RepairRecord&) = default;
};

struct RunRecord {
  RunId id;
  JobId job;
  DeploymentId deployment;
  std::string name;
  std::string settings_digest;
  std::string manifest_digest;
  std::string file_path;
  RunState state = RunState::kQueued;
  StopReason stop_reason = StopReason::kNone;
  std::string message;
  TriggerRecord trigger;
  NamedStrings parameters;  ///< Every job parameter with its value in this run.
  NamedStrings overrides;   ///< Those that the submitter gave; also "notebook_params/<name>".
  std::string idempotency_token;
  Timestamp submitted = kNoTime;
  Timestamp started = kNoTime;  ///< kNoTime while queued.
  Timestamp ended = kNoTime;
  Timestamp deadline = kNoTime;  ///< Run timeout, or queue expiry while queued.
  /// The first attempt of task i of the graph has id `first_attempt + i`, until a repair.
  AttemptId first_attempt;
  std::uint32_t submitted_size = 0;  ///< Tasks of the job when the run was submitted.
  std::uint32_t graph_size = 0;      ///< Tasks of the job now; rows beyond are iterations.
  std::uint32_t task_count = 0;      ///< Rows: tasks of the job, then iterations.
  std::vector<IterationBlock> blocks;
  RunType type = RunType::kJob;
  std::uint32_t depth = 0;  ///< Run-job tasks above this run.
  std::vector<JobLink> links;
  /// Selected tasks as given ("+prep", "train+"); empty: all.
  std::vector<std::string> only;
  std::vector<std::string> python_parameters;  ///< Of every script instead of its own; empty: none.
  /// Empty until the first repair; then the original pass and every repair, oldest first.
  std::vector<RepairRecord> repairs;
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

/// The fixed-width part of a task in a run.
struct TaskRow {
  TaskState state = TaskState::kBlocked;
  /// Of a finished condition task: 1 true, 2 false. Of an iteration that holds the attempt of a
  /// stream: its StreamMark bits. Else 0.
  std::uint8_t outcome = 0;
  /// Attempts lost with their worker so far.
  std::uint8_t lost_attempts = 0;
  /// Why a stop was ordered (kStopping), or what ended the task.
  StopReason stop_reason = StopReason::kNone;
  std::uint32_t attempt_number = 0;
  AttemptId attempt;  ///< The current or last attempt.
  WorkerId worker;    ///< Holds the attempt while the task is active.
  std::uint64_t fence = 0;
  Timestamp started = kNoTime;   ///< Of the current attempt.
  Timestamp ended = kNoTime;     ///< Of the task.
  Timestamp deadline = kNoTime;  ///< Retry time, attempt timeout or loss verdict, by state.
  /// Lengths of the logs of a plain success; see attempt_history.h.
  std::uint32_t stdout_bytes = 0;
  std::uint32_t stderr_bytes = 0;
  friend bool operator==(const TaskRow&, const TaskRow&) = default;
};

/// An attempt that is over.
struct AttemptRecord {
  AttemptId id;
  std::uint32_t number = 0;
  std::uint32_t repair = 0;  ///< How many repairs the run had seen; 0 is the original pass.
  WorkerId worker;
  TaskState state = TaskState::kFailed;  ///< What the task would be had this been its last attempt.
  bool overlap_possible = false;  ///< The next attempt began without proof that this one was gone.
  model::AttemptOutcome outcome;
  friend bool operator==(const AttemptRecord&, const AttemptRecord&) = default;
};

/// The variable-size part of a task; most tasks have none.
struct TaskDetails {
  std::string message;
  /// Finished ones, oldest first, but for a plain success; see attempt_history.h.
  std::vector<AttemptRecord> attempts;
  std::vector<TaskValue> values;  ///< Recorded with the successful attempt.
  std::vector<TaskValue> staged;  ///< Of the running attempt; invisible until it succeeds.
  std::vector<std::string> warnings;
  RunId child;  ///< Of a run-job task: the latest run that it started.
  /// Devices of its worker that the current attempt holds, ascending; empty while it has none.
  std::vector<std::uint32_t> gpus;

  [[nodiscard]] bool is_empty() const {
    return message.empty() && attempts.empty() && values.empty() && staged.empty() &&
           warnings.empty() && gpus.empty() && !child.is_valid();
  }
  friend bool operator==(const TaskDetails&, const TaskDetails&) = default;
};

/// A declared schedule and its memory.
struct ScheduleRecord {
  TriggerId id;
  JobId job;
  model::ScheduleSettings settings;
  /// Nominal times at or before this instant are settled: the declaration, then each fire. A cron
  /// expression has no earlier duties.
  Timestamp settled = kNoTime;
  Timestamp next = kNoTime;  ///< The next nominal time as last computed; kNoTime: not computed yet.
  friend bool operator==(const ScheduleRecord&, const ScheduleRecord&) = default;
};

/// A nominal time for which no run of its own was started.
struct SkippedFire {
  TriggerId trigger;
  JobId job;
  Timestamp nominal = kNoTime;
  std::string reason;
  RunId covered_by;  ///< The run that the latest missed nominal time started, if any.
  friend bool operator==(const SkippedFire&, const SkippedFire&) = default;
};

/// A hook's secret, sealed by the caller: the core never sees it in the clear.
struct HookSecretRecord {
  JobId job;
  std::string hook;
  std::string sealed;
  Timestamp set = kNoTime;
  friend bool operator==(const HookSecretRecord&, const HookSecretRecord&) = default;
};

/// Which run an idempotency token or a hook delivery started.
struct ReceiptRecord {
  std::string key;  ///< "token/<token>" or "hook/<job>/<hook>/<delivery>".
  RunId run;
  Timestamp at = kNoTime;
  friend bool operator==(const ReceiptRecord&, const ReceiptRecord&) = default;
};

}  // namespace sheaf::core
