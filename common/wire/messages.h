// What a worker and the scheduler say to each other, as plain values. docs/protocol.md tells the
// conversation; frame.h turns messages into bytes and back. No type of the serialization library
// appears here.
//
// Every message is idempotent: it may arrive twice, late or not at all, and names what it speaks of
// by attempt and fence.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/model/attempt.h"
#include "common/model/worker_resources.h"
#include "common/wire/stream_messages.h"

namespace sheaf::wire {

/// Versions that this build speaks. REGISTER, WELCOME, REFUSED and REGISTER_AGAIN are always sent
/// in version kFirstVersion, so that any two builds can agree on the highest version that both
/// speak.
inline constexpr std::uint32_t kFirstVersion = 1;
inline constexpr std::uint32_t kMinVersion = 1;
inline constexpr std::uint32_t kMaxVersion = 1;

// ---- Worker → scheduler.

struct HeldAttempt {
  enum class State : std::uint8_t { kPreparing = 0, kRunning = 1, kFinished = 2 };
  AttemptId attempt;
  std::uint64_t fence = 0;
  State state = State::kRunning;
  friend bool operator==(const HeldAttempt&, const HeldAttempt&) = default;
};

/// Asks for a session and tells everything that the worker holds. Repeated until WELCOME or
/// REFUSED.
struct Register {
  std::string name;     ///< Must be the name under which the worker's key is enrolled.
  std::string boot_id;  ///< Of the machine's current boot.
  std::string agent_version;
  std::uint32_t min_version = kMinVersion;
  std::uint32_t max_version = kMaxVersion;
  std::uint32_t slots = 0;
  std::vector<std::string> labels;
  std::vector<HeldAttempt> attempts;
  /// The highest scheduler epoch and fence that this worker ever obeyed: a scheduler behind them
  /// runs on an old copy of its store and is not to be trusted with the attempts.
  std::uint64_t highest_epoch = 0;
  std::uint64_t highest_fence = 0;
  model::WorkerResources resources{};
  /// Fingerprints (model::environment_fingerprint) of the Python environments that it need not
  /// build, the one used last first.
  std::vector<std::uint64_t> cached_environments{};
  friend bool operator==(const Register&, const Register&) = default;
};

/// The worker has the lease on stable storage (or holds the attempt already). Answers every LEASE
/// that it does not reject.
struct Accepted {
  AttemptId attempt;
  std::uint64_t fence = 0;
  friend bool operator==(const Accepted&, const Accepted&) = default;
};

/// The worker will not run the attempt, and holds nothing of it.
struct Rejected {
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::string reason;
  friend bool operator==(const Rejected&, const Rejected&) = default;
};

/// The attempt's process runs. Repeated until STARTED_ACK or the attempt's RESULT.
struct Started {
  AttemptId attempt;
  std::uint64_t fence = 0;
  Timestamp started;  ///< Worker's wall clock, for people.
  friend bool operator==(const Started&, const Started&) = default;
};

/// Sent every heartbeat interval in which nothing else was.
struct Heartbeat {
  std::uint32_t attempts = 0;  ///< That the worker holds, finished ones not counted.
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

/// All values that the attempt has published so far; a later `sequence` replaces an earlier one.
/// Repeated until VALUES_ACK. A list that is too long for a frame travels in parts, in order: see
/// split_values().
struct Values {
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::uint64_t sequence = 0;  ///< 1 for the first list of the attempt, then growing.
  std::uint32_t first = 0;     ///< Position of entries[0] in the list.
  std::uint32_t total = 0;     ///< Length of the list.
  std::vector<model::TaskValue> entries;
  friend bool operator==(const Values&, const Values&) = default;
};

/// The attempt is over, or will never run. Repeated until RESULT_ACK; until then the worker keeps
/// the record. Answers a CANCEL too: then `end` is kCancelled and `tree_empty` says that all of its
/// processes are gone.
struct ResultReport {
  AttemptId attempt;
  std::uint64_t fence = 0;
  model::AttemptOutcome outcome;
  friend bool operator==(const ResultReport&, const ResultReport&) = default;
};

using WorkerMessage =
    std::variant<Register, Heartbeat, Accepted, Rejected, Started, Values, ResultReport, Outcomes>;

// ---- Scheduler → worker.

/// The session begins. Reconciles: attempts in `adopt` go on (or are reported when finished), those
/// in `kill` are stopped and then forgotten, the records in `forget` may be deleted.
struct Welcome {
  std::uint64_t session = 0;
  std::uint64_t epoch = 0;
  std::uint32_t version = kFirstVersion;  ///< Of all further frames of the session.
  WorkerId worker;
  /// After so long a silence of the worker the scheduler gives its attempts up. For information:
  /// the worker ends nothing by itself, and is told at its next REGISTER what to kill.
  Milliseconds lease{0};
  Milliseconds heartbeat_interval{0};
  std::vector<AttemptId> adopt;
  std::vector<AttemptId> kill;
  std::vector<AttemptId> forget;
  std::string
      http_base_url;  ///< Where blobs are fetched and values read, without a slash at the end.
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

/// No session: another name, no common version, or a scheduler behind `highest_epoch`. The worker
/// keeps what it holds, tells its operator and asks again later.
struct Refused {
  std::string reason;
  friend bool operator==(const Refused&, const Refused&) = default;
};

/// The frame was of no session of this scheduler: REGISTER anew, then repeat what is not
/// acknowledged.
struct RegisterAgain {
  friend bool operator==(const RegisterAgain&, const RegisterAgain&) = default;
};

/// The right and duty to run the attempt. May come twice; it is started once.
struct Lease {
  model::AttemptSpec spec;
  std::string token;  ///< Bearer token of the attempt for the HTTP API.
  friend bool operator==(const Lease&, const Lease&) = default;
};

struct HeartbeatAck {
  friend bool operator==(const HeartbeatAck&, const HeartbeatAck&) = default;
};

struct StartedAck {
  AttemptId attempt;
  std::uint64_t fence = 0;
  friend bool operator==(const StartedAck&, const StartedAck&) = default;
};

/// The list is durable, or refused for good.
struct ValuesAck {
  AttemptId attempt;
  std::uint64_t fence = 0;
  std::uint64_t sequence = 0;
  /// Not empty: the list was refused (too many values in the run) and will be each time; the worker
  /// reports the attempt as failed with this text, since a success without its values would be a
  /// lie.
  std::string refusal;
  friend bool operator==(const ValuesAck&, const ValuesAck&) = default;
};

/// The result is durable (or was a repeat): the worker may forget the attempt once its logs are
/// shipped.
struct ResultAck {
  AttemptId attempt;
  std::uint64_t fence = 0;
  friend bool operator==(const ResultAck&, const ResultAck&) = default;
};

/// Stop the attempt: TERM, after `grace` KILL, then RESULT. Of an attempt that the worker does not
/// hold it sends a RESULT with this fence that was never started and whose tree is empty.
struct Cancel {
  AttemptId attempt;
  std::uint64_t fence = 0;  ///< 0: whatever the worker holds under this id.
  Milliseconds grace{0};
  friend bool operator==(const Cancel&, const Cancel&) = default;
};

/// Take no further leases; finish what runs.
struct Drain {
  friend bool operator==(const Drain&, const Drain&) = default;
};

using SchedulerMessage = std::variant<Welcome,
                                      Refused,
                                      RegisterAgain,
                                      Lease,
                                      HeartbeatAck,
                                      StartedAck,
                                      ValuesAck,
                                      ResultAck,
                                      Cancel,
                                      Drain,
                                      OutcomesAck>;

// ---- The log socket.

enum class LogStream : std::uint8_t { kStdout = 0, kStderr = 1 };

/// A piece of a log. Pieces may repeat or overlap; bytes at an offset are always the same.
struct Log {
  AttemptId attempt;
  LogStream stream = LogStream::kStdout;
  std::uint64_t offset = 0;
  std::string bytes;
  /// Set once the attempt is over: the log's whole length, at most kMaxLogBytesPerAttempt (what a
  /// task writes beyond that is not shipped).
  std::optional<std::uint64_t> final_length;
  friend bool operator==(const Log&, const Log&) = default;
};

/// All bytes before `offset` are on the scheduler's disk. The worker goes on from there and keeps
/// at most `credit` bytes of this log unacknowledged.
struct LogAck {
  AttemptId attempt;
  LogStream stream = LogStream::kStdout;
  std::uint64_t offset = 0;
  std::uint64_t credit = 0;
  /// The scheduler knows no such attempt of this worker: its log may be dropped.
  bool is_unknown = false;
  friend bool operator==(const LogAck&, const LogAck&) = default;
};

/// Values in parts that each fit a frame; one part when they do already.
/// REQUIRES: `whole.first == 0`, no entry above kMaxTaskValueKeyBytes + kMaxTaskValueBytes.
[[nodiscard]] std::vector<Values> split_values(Values whole);

}  // namespace sheaf::wire
