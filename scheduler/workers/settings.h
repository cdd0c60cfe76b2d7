// What the worker port needs to be told. One line a setting; tests shorten the durations.
#pragma once

#include <functional>
#include <string>

#include "common/base/error.h"
#include "common/base/id.h"
#include "common/base/limits.h"
#include "common/base/time.h"
#include "common/transport/keys.h"

namespace sheaf::workers {

struct Settings {
  /// "tcp://127.0.0.1:*" takes a free port.
  std::string control_endpoint = "tcp://127.0.0.1:*";
  std::string log_endpoint = "tcp://127.0.0.1:*";
  transport::KeyPair keys;
  /// Domain of the allow-list in the process's transport::Authenticator.
  std::string allow_list_domain = "workers";
  /// Told to workers at WELCOME; no slash at the end.
  std::string http_base_url;
  /// Bearer token of an attempt for the HTTP API. Any thread; must not block.
  std::function<std::string(AttemptId)> attempt_token;

  /// A log could not be made durable: log, then end the process. Must not return.
  std::function<void(const Error&)> fatal;

  /// How long a worker may be silent and keep its attempts: on its own clock, and here.
  Milliseconds lease = limits::kWorkerLease;
  /// Waited beyond the lease, since the two clocks run apart: a tenth, and two seconds.
  Milliseconds lease_margin = Milliseconds{limits::kWorkerLease} / 10 + Milliseconds{2'000};
  /// No attempt is given up earlier than this after the port's start.
  Milliseconds start_grace = limits::kStartGrace;
  Milliseconds heartbeat_interval = limits::kHeartbeatInterval;
  /// Silence after which a worker gets no new attempts. At least 3 × heartbeat_interval, so that
  /// two lost heartbeats are harmless.
  Milliseconds suspect_after = limits::kSuspectAfter;
  /// A LEASE without an answer, or a CANCEL without a RESULT, is sent again after this.
  Milliseconds resend_after{10'000};
  /// Between TERM and KILL of a cancelled attempt.
  Milliseconds kill_grace = limits::kKillGrace;
  /// Bytes of each log that a worker may have under way.
  std::uint64_t log_credit = 4 * limits::kMaxLogChunkBytes;
};

}  // namespace sheaf::workers
