// The last enumerator of each stored enumeration: larger stored numbers are corrupt. Enumerators
// are only ever appended.
#pragma once

#include "scheduler/core/records.h"
#include "scheduler/store/codec.h"

namespace sheaf::store {

template <>
inline constexpr model::TaskState kLastOf<model::TaskState> = model::TaskState::kStreaming;
template <>
inline constexpr model::RunState kLastOf<model::RunState> = model::RunState::kSkipped;
template <>
inline constexpr model::AttemptEnd kLastOf<model::AttemptEnd> = model::AttemptEnd::kLost;
template <>
inline constexpr model::TriggerKind kLastOf<model::TriggerKind> = model::TriggerKind::kRunJob;
template <>
inline constexpr model::StopReason kLastOf<model::StopReason> = model::StopReason::kTimeout;
template <>
inline constexpr model::DaylightSavingRule kLastOf<model::DaylightSavingRule> =
    model::DaylightSavingRule::kQuartz;
template <>
inline constexpr model::AlertTarget::Channel kLastOf<model::AlertTarget::Channel> =
    model::AlertTarget::Channel::kWebhook;
template <>
inline constexpr core::RunType kLastOf<core::RunType> = core::RunType::kSubmitted;
template <>
inline constexpr core::AlertEvent kLastOf<core::AlertEvent> = core::AlertEvent::kFailure;
template <>
inline constexpr core::AlertRecord::State kLastOf<core::AlertRecord::State> =
    core::AlertRecord::State::kDropped;

}  // namespace sheaf::store
