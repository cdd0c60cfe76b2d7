// Alerts as they are stored; see records.h.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/id.h"
#include "common/base/time.h"
#include "common/model/job_settings.h"
#include "common/model/states.h"

namespace sheaf::core {

using model::RunState;

enum class AlertEvent : std::uint8_t { kStart = 0, kSuccess = 1, kFailure = 2 };

/// An alert in the outbox, or one that is settled.
struct AlertRecord {
  enum class State : std::uint8_t { kPending = 0, kDelivered = 1, kDropped = 2 };
  AlertId id;  ///< Stable over every try: receivers see it as the message id.
  AlertEvent event = AlertEvent::kFailure;
  model::AlertTarget target;
  RunId run;
  JobId job;
  std::string job_name;
  RunState run_state = RunState::kFailed;
  std::string message;  ///< The run's result message.
  State state = State::kPending;
  std::uint32_t tries = 0;
  Timestamp created = kNoTime;
  Timestamp next_try = kNoTime;
  std::string last_error;
  friend bool operator==(const AlertRecord&, const AlertRecord&) = default;
};

}  // namespace sheaf::core
