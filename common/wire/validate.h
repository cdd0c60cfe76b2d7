// What a message must be to cross the wire, checked by the sender and by the receiver alike.
#pragma once

#include "common/base/result.h"
#include "common/wire/messages.h"

namespace sheaf::wire {

/// Fails with kExhausted above a limit, with kInvalid on ids, times or enumerators out of range and
/// on text that is not UTF-8. The message of the error names the field.
[[nodiscard]] Result<void> validate(const WorkerMessage& message);
[[nodiscard]] Result<void> validate(const SchedulerMessage& message);
[[nodiscard]] Result<void> validate(const Log& message);
[[nodiscard]] Result<void> validate(const LogAck& message);

/// Clips and repairs the texts that are only for people: reasons, result messages, warnings.
void repair(WorkerMessage& message);
void repair(SchedulerMessage& message);

}  // namespace sheaf::wire
