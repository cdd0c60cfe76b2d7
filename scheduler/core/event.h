// Events: facts in the past tense. They always apply; folding all of them gives State.
// The order of the variant is stored on disk: append only.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/base/boxed.h"
#include "scheduler/core/command.h"
#include "scheduler/core/delegation_events.h"
#include "scheduler/core/records.h"
#include "scheduler/core/stream_events.h"

namespace sheaf::core {

struct EpochBegan {
  std::uint64_t epoch = 0;
};

struct ScheduleRecorded {
  ScheduleRecord schedule;
};

struct ScheduleRemoved {
  TriggerId trigger;
};

struct FireSkipped {
  SkippedFire fire;
};

/// A run exists, queued; its graph is compiled from `settings`.
struct RunSubmitted {
  Boxed<RunRecord> run;
  SettingsPointer settings;  ///< Stored by digest, not with the event.
};

struct RunStarted {
  RunId run;
  Timestamp at;
  Timestamp deadline;  ///< kNoTime: no run timeout.
};

/// Nothing more of the run starts; its attempts are being stopped.
struct RunStopRequested {
  RunId run;
  StopReason reason = StopReason::kUserCancel;
  std::string message;
};

struct RunFinished {
  RunId run;
  RunState state = RunState::kSucceeded;
  std::string message;
  Timestamp at;
};

/// Dependencies are met: the tasks wait for slots. In order of readiness.
struct TasksReady {
  RunId run;
  std::vector<TaskIndex> tasks;
};

struct TasksLeased {
  struct Lease {
    TaskIndex task = 0;
    WorkerId worker;
    AttemptId attempt;
    std::vector<std::uint32_t> gpus{};  ///< Devices that the attempt holds, ascending.
    std::vector<TaskRange> others{};    ///< Of a stream: iterations beside `task`, ascending.
  };
  RunId run;
  std::uint64_t fence = 0;
  std::vector<Lease> leases;
};

/// The worker refused the lease: the task is ready again, with the same attempt number and id.
struct TaskReturned {
  RunId run;
  TaskIndex task = 0;
};

struct AttemptStarted {
  RunId run;
  TaskIndex task = 0;
  Timestamp at;
  Timestamp deadline;  ///< Backstop of the attempt's timeout; kNoTime: none.
};

struct ValuesStaged {
  RunId run;
  TaskIndex task = 0;
  std::vector<TaskValue> values;
};

/// An attempt is over; what becomes of the task says the event that follows in the same step.
struct AttemptFinished {
  RunId run;
  TaskIndex task = 0;
  AttemptRecord attempt;
};

/// The task will be tried again: at `at`, with attempt number +1 and id `attempt`.
struct RetryScheduled {
  RunId run;
  TaskIndex task = 0;
  AttemptId attempt;
  Timestamp at;
  bool was_lost = false;
};

/// A stop of the task's attempt is owed.
struct AttemptStopRequested {
  RunId run;
  TaskIndex task = 0;
  StopReason reason = StopReason::kUserCancel;
};

/// The task's attempt must be declared lost at `at` unless its worker reports before.
struct LossExpected {
  RunId run;
  TaskIndex task = 0;
  Timestamp at;
};

/// The task is over.
struct TaskFinished {
  RunId run;
  TaskIndex task = 0;
  TaskState state = TaskState::kSucceeded;
  std::uint8_t outcome = 0;  ///< Of a condition task: 1 true, 2 false.
  std::string message;
  Timestamp at;
};

/// A report that came too late or twice: kept for people, changes nothing.
struct OutcomeIgnored {
  RunId run;
  AttemptId attempt;
  std::string reason;
};

struct WorkerRecorded {
  WorkerRecord worker;
};

/// Placement on the worker stops or goes on.
struct WorkerSuspected {
  WorkerId worker;
  bool suspect = true;
};

struct AlertRecorded {
  AlertRecord alert;
};

struct ReceiptRecorded {
  ReceiptRecord receipt;
};

struct HookSecretRecorded {
  HookSecretRecord secret;
};

struct PoolRecorded {
  PoolRecord pool;
};

struct PoolRemoved {
  std::string name;
};

/// Something that the task's people should know, though it goes on.
struct TaskWarned {
  RunId run;
  TaskIndex task = 0;
  std::string warning;
};

using Event = std::variant<EpochBegan,
                           DeploymentRecorded,
                           JobRecorded,
                           JobRemoved,
                           ScheduleRecorded,
                           ScheduleRemoved,
                           FireSkipped,
                           RunSubmitted,
                           RunStarted,
                           RunStopRequested,
                           RunFinished,
                           TasksReady,
                           TasksLeased,
                           TaskReturned,
                           AttemptStarted,
                           ValuesStaged,
                           AttemptFinished,
                           RetryScheduled,
                           AttemptStopRequested,
                           LossExpected,
                           TaskFinished,
                           OutcomeIgnored,
                           WorkerRecorded,
                           WorkerSuspected,
                           AlertRecorded,
                           ReceiptRecorded,
                           HookSecretRecorded,
                           TaskDelegated,
                           IterationsPlanned,
                           ChildRunStarted,
                           DelegationStopRequested,
                           IterationsAbandoned,
                           RunRepaired,
                           RunDeleted,
                           SettingsRecorded,
                           PoolRecorded,
                           PoolRemoved,
                           TaskWarned,
                           StreamReported,
                           StreamEnded,
                           IterationsReturned,
                           DeploymentRemoved>;

/// The run that an event belongs to; invalid for events of no run.
[[nodiscard]] RunId run_of(const Event& event);

}  // namespace sheaf::core
