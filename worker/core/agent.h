// The agent's decisions, without I/O: which attempts this worker holds, how far each is, and what
// is to be said and done next. The session performs the actions in the order in which they are
// given.
//
// An attempt goes kPreparing → kLaunching → kRunning → kReporting, and is forgotten when its result
// is acknowledged and its logs are shipped. Whatever must survive the agent is stored before it is
// said: a lease before ACCEPTED, an outcome that no shim recorded before RESULT. Threads: one at a
// time. No clock: `now` is passed in, on any monotonic clock.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/model/attempt.h"
#include "common/wire/messages.h"

namespace sheaf::agent {

enum class Phase : std::uint8_t { kPreparing, kLaunching, kRunning, kReporting };

// ---- Actions: orders to the session, to be done in order.

/// Say it to the scheduler. Not durable; what is unanswered is in owed().
struct Say {
  wire::WorkerMessage message;
};
/// Put the lease on disk. If that fails report_lease_not_stored(), and leave out what follows in
/// the list.
struct StoreLease {
  AttemptId attempt;
};
/// Fetch files, build the environment; ends with report_prepared().
struct Prepare {
  AttemptId attempt;
};
/// Ask the running shim to end its tree.
struct StopProcess {
  AttemptId attempt;
};
/// Give up preparing; report_prepared() may still come and is ignored.
struct StopPreparing {
  AttemptId attempt;
};
/// Put the outcome on stable storage, since no shim's record tells it.
struct StoreOutcome {
  AttemptId attempt;
};
/// The logs grow no more: ship what is left, then call report_logs_shipped().
struct FinishLogs {
  AttemptId attempt;
};
/// Delete everything of the attempt.
struct Forget {
  AttemptId attempt;
};

using Action = std::
    variant<Say, StoreLease, Prepare, StopProcess, StopPreparing, StoreOutcome, FinishLogs, Forget>;
using Actions = std::vector<Action>;

struct Attempt {
  model::AttemptSpec spec;
  std::string token;
  Phase phase = Phase::kPreparing;
  bool is_stop_requested = false;
  /// The scheduler disowned it: its end is reported to nobody.
  bool is_disowned = false;
  Timestamp started = kNoTime;
  bool is_start_acknowledged = false;
  std::vector<model::TaskValue> values;
  bool are_values_acknowledged = false;
  /// Of a stream: the outcomes that its process wrote are not all read. Its result waits for them.
  bool is_stream_open = false;
  std::optional<wire::Outcomes> outcomes;  ///< Read, and not acknowledged.
  model::AttemptOutcome outcome;
  bool is_result_acknowledged = false;
  bool are_logs_shipped = false;
  Milliseconds last_said{0};
};

class Agent {
 public:
  explicit Agent(std::uint32_t slots) : slots_(slots) {}

  /// An attempt found on disk at start, in the phase that its records tell.
  void recover(Attempt attempt);

  // ---- From the scheduler.
  [[nodiscard]] Actions welcome(const wire::Welcome& message, Milliseconds now);
  [[nodiscard]] Actions lease(const wire::Lease& message, Milliseconds now);
  [[nodiscard]] Actions cancel(const wire::Cancel& message, Milliseconds now);
  void start_acknowledged(const wire::StartedAck& message);
  [[nodiscard]] Actions values_acknowledged(const wire::ValuesAck& message, Milliseconds now);
  [[nodiscard]] Actions result_acknowledged(const wire::ResultAck& message);
  [[nodiscard]] Actions outcomes_acknowledged(const wire::OutcomesAck& message, Milliseconds now);
  void drain() { is_draining_ = true; }

  // ---- From this machine.
  [[nodiscard]] Actions report_lease_not_stored(AttemptId attempt, const std::string& reason);
  /// Files and environment are there: launch next. False when the attempt is not wanted any more.
  [[nodiscard]] bool report_prepared(AttemptId attempt);
  /// It will never run: preparation or launch failed, or it was stopped before.
  [[nodiscard]] Actions report_not_started(AttemptId attempt,
                                           std::string message,
                                           Milliseconds now);
  [[nodiscard]] Actions report_started(AttemptId attempt, Timestamp started, Milliseconds now);
  /// The process tree ended (or its fate cannot be known). `is_recorded`: a shim's exit record
  /// tells it.
  [[nodiscard]] Actions report_ended(AttemptId attempt,
                                     model::AttemptOutcome outcome,
                                     std::vector<model::TaskValue> values,
                                     bool is_recorded,
                                     Milliseconds now);
  [[nodiscard]] Actions report_logs_shipped(AttemptId attempt);
  /// Outcomes of a stream were read. REQUIRES: it is among open_streams().
  [[nodiscard]] Actions report_outcomes(wire::Outcomes outcomes, Milliseconds now);
  /// There are no more of them. REQUIRES: as report_outcomes(), and it is over.
  [[nodiscard]] Actions report_stream_read(AttemptId attempt, Milliseconds now);
  /// Another scheduler may know less of the logs: what was reported of them counts no more.
  void distrust_logs();

  // ---- Questions.
  /// What was said at or before `now - resend_after` and is unanswered; it counts as said again.
  [[nodiscard]] Actions owed(Milliseconds now, Milliseconds resend_after);
  [[nodiscard]] std::vector<wire::HeldAttempt> held() const;
  [[nodiscard]] const Attempt* find(AttemptId attempt) const;
  /// Attempts that are not over.
  [[nodiscard]] std::uint32_t active_count() const;
  [[nodiscard]] std::uint64_t highest_fence() const { return highest_fence_; }
  /// Streams whose outcomes are to be read: those that have none under way.
  [[nodiscard]] std::vector<AttemptId> open_streams() const;
  /// True while something waits for an answer.
  [[nodiscard]] bool has_unanswered() const;

 private:
  Attempt* find_current(AttemptId attempt, std::uint64_t fence);
  void say_result(Attempt& attempt, Actions& actions, Milliseconds now);
  /// Says what the attempt owes next: start, values, then the result.
  void say_owed(Attempt& attempt, Actions& actions, Milliseconds now);
  void stop(Attempt& attempt, Actions& actions, Milliseconds now);
  void forget_if_done(AttemptId attempt, Actions& actions);
  [[nodiscard]] bool is_refused(const model::AttemptSpec& spec) const;
  void note_refusal(const model::AttemptSpec& spec);

  std::uint32_t slots_;
  bool is_draining_ = false;
  std::uint64_t highest_fence_ = 0;
  std::map<AttemptId, Attempt> attempts_;
  /// A refusal is final for its fence: the attempt may be elsewhere already when the lease is sent
  /// again.
  std::deque<std::pair<AttemptId, std::uint64_t>> refused_;
};

}  // namespace sheaf::agent
