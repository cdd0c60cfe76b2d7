// Why something does not run: reasons that lead back to what holds it up, for people and programs,
// and the commands that ask for them. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"

namespace sheaf::core {

/// What kind of reason it is. The names of to_string() are public (docs/api.md).
enum class ReasonCode : std::uint8_t {
  // Of tasks that wait.
  kDependencyNotFinished,
  kWaitingForRetry,
  kWaitingForSlot,
  kNoWorkerRegistered,
  kNoWorkerFits,
  kWorkerBusy,
  kWorkerSuspect,
  kPoolFull,
  kPoolPaused,
  kBehindHigherPriority,
  kForEachConcurrency,
  kWaitingForIterations,
  kWaitingForChildRun,
  kDue,  ///< Nothing holds it up: it goes on in the scheduler's next step.
  // Of tasks that are with a worker.
  kStarting,
  kRunning,
  kStopping,
  kLossExpected,
  // Of tasks that are over.
  kFinished,
  kDependencyFailed,
  kExcludedByCondition,
  kRunIfNotMet,
  kDisabled,
  kNotSelected,
  // Of runs.
  kRunQueued,
  kRunSkipped,
  // Of jobs.
  kNoTrigger,
  kSchedulePaused,
  kNextFire,
  kFireSkipped,
  kHookWithoutSecret,
  kConcurrencyReached,
  kQueueFull,
  // Of the answer itself.
  kMore,  ///< Further reasons were left out.
};

[[nodiscard]] std::string_view to_string(ReasonCode code);

/// One reason. Fields that say nothing about it are empty, invalid or kNoTime.
struct Reason {
  ReasonCode code = ReasonCode::kDue;
  std::string message;   ///< A sentence.
  std::string task_key;  ///< The task that the reason speaks of: what holds up, not what waits.
  std::optional<std::uint32_t> iteration;
  RunId run;
  AttemptId attempt;
  std::string pool;
  std::string worker;
  std::string hook;
  std::string outcome;  ///< Of a condition: "true" or "false"; of what is over: its state.
  Timestamp until = kNoTime;
  Timestamp nominal = kNoTime;           ///< Of a fire.
  std::optional<std::int64_t> position;  ///< In its queue; 1: the next.
  std::optional<std::int64_t> used;
  std::optional<std::int64_t> limit;
  std::vector<std::string> through;  ///< Tasks between, the one nearest to what waits first.
  std::vector<RunId> runs;           ///< Under way or ahead, the oldest first.
  std::vector<Reason> because;       ///< Why that is so.
};

/// The answer to Explain and ExplainJob.
struct Explanation {
  RunId run;
  std::string task_key;  ///< Empty: of the run itself, or of a job.
  std::string state;     ///< Of the run or task, as the API names it; empty for jobs.
  std::vector<Reason> reasons;
};

/// Asks why a live run, or one task of it, is where it is; changes nothing. Of a run that is over
/// its rows tell (explain_finished).
struct Explain {
  RunId run;
  std::string task_key;  ///< Empty, and no `attempt`: the run itself.
  AttemptId attempt;     ///< A task's, or an iteration's, current or last one.
};

/// Asks what will start runs of the job, and what holds them up; changes nothing.
struct ExplainJob {
  JobId job;
};

}  // namespace sheaf::core
