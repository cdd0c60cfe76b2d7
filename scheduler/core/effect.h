// Effects: orders to the world that leave only after the commit of the step that made them. Each
// may be lost or repeated in a crash, so each can be derived again: see outstanding().
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "common/model/attempt.h"
#include "scheduler/core/explanation.h"
#include "scheduler/core/records.h"

namespace sheaf::core {

/// LEASE to the worker. The same attempt may be ordered twice; the worker starts it once.
struct StartAttempt {
  WorkerId worker;
  model::AttemptSpec spec;
};

/// CANCEL to the worker, until its RESULT comes.
struct StopAttempt {
  WorkerId worker;
  AttemptId attempt;
  std::uint64_t fence = 0;  ///< Of its lease: a worker that never got it answers under this fence.
  StopReason reason = StopReason::kUserCancel;
};

/// The outbox has a new alert, or one is due again.
struct SendAlert {
  AlertRecord alert;
};

/// The schedule is to be watched as it now stands.
struct WatchSchedule {
  ScheduleRecord schedule;
};

struct UnwatchSchedule {
  TriggerId trigger;
};

using Effect = std::variant<StartAttempt, StopAttempt, SendAlert, WatchSchedule, UnwatchSchedule>;

// ---- Replies: what the poster of a command learns, after the commit.

struct DeployReply {
  struct Job {
    std::string resource_key;
    JobId id;
    enum class Change : std::uint8_t { kCreated, kUpdated, kUnchanged, kRemoved };
    Change change = Change::kUnchanged;
  };
  DeploymentId deployment;
  std::uint64_t version = 0;
  std::vector<Job> jobs;
};

struct SubmitReply {
  RunId run;
  bool repeated = false;  ///< The receipt key was known: `run` is the earlier run.
};

/// Reconciliation at REGISTER. `worker` is the id of this name.
struct RegisterReply {
  WorkerId worker;
  std::uint64_t epoch = 0;
  std::vector<AttemptId> adopt;
  std::vector<AttemptId> kill;
  std::vector<AttemptId> forget;
};

struct RepairReply {
  std::int64_t repair = 0;
};

struct ExplainReply {
  Explanation explanation;
};

using Reply = std::
    variant<std::monostate, DeployReply, SubmitReply, RegisterReply, RepairReply, ExplainReply>;

}  // namespace sheaf::core
