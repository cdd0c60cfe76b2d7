// Dynamic value references `{{…}}` in task settings: parsing and resolution. Pure.
//
// A text in braces that is malformed, or whose first word is no namespace of references, is no
// reference and stays as it is; a wrong name in a known namespace is an error. Inner whitespace is
// allowed; names outside [A-Za-z0-9_-] stand in backticks or brackets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"

namespace sheaf::model {

/// What of an instant a reference asks for.
enum class TimePart : std::uint8_t {
  kIsoWeekday,   ///< 1 is Monday, 7 Sunday.
  kIsWeekday,    ///< "true" from Monday to Friday.
  kIsoDate,      ///< 2026-03-01
  kIsoDatetime,  ///< 2026-03-01T05:07:09Z
  kYear,
  kMonth,  ///< Here and below: plain numbers, without leading zeros.
  kDay,
  kHour,
  kMinute,
  kSecond,
  kTimestampMs,  ///< Since the epoch.
};

struct Reference {
  enum class Kind : std::uint8_t {
    kJobId,
    kJobName,
    kJobRunId,
    kJobRepairCount,
    kJobStartTime,
    kTriggerTime,
    kTriggerType,
    kJobParameter,
    kTaskName,
    kTaskRunId,
    kTaskExecutionCount,
    kTaskRetryCount,
    kTaskNotebookPath,
    kUpstreamRunId,
    kUpstreamResultState,
    kUpstreamErrorCode,
    kUpstreamExecutionCount,
    kUpstreamNotebookPath,
    kTaskValue,
    kInput,
  };
  Kind kind = Kind::kJobId;
  TimePart part = TimePart::kIsoDate;  ///< Of kJobStartTime and kTriggerTime.
  std::string task_key;                ///< Of kTaskValue and kUpstream….
  std::string name;                    ///< Of a parameter, a value or a part of the input.
  std::size_t offset = 0;              ///< Of "{{" in the text, bytes.
  std::size_t length = 0;              ///< Up to and with "}}".
};

/// All references of `text`, in order. Fails with kInvalid for a name that its namespace does not
/// have, with the nearest one that it has, and with kUnsupported for a reference that has no value
/// in Sheaf, with the reason. O(text).
[[nodiscard]] Result<std::vector<Reference>> parse_references(std::string_view text);

/// The patterns of references that have a value here, such as "job.parameters.<name>", without the
/// deprecated ones.
[[nodiscard]] std::vector<std::string_view> known_references();

/// Whether the value is the same for all tasks of a run, so that a job parameter's default may hold
/// the reference.
[[nodiscard]] bool is_of_run(Reference::Kind kind);

/// Replaces every reference in `text` by what `look_up` gives; fails with its first error.
[[nodiscard]] Result<std::string> resolve_references(
    std::string_view text, const std::function<Result<std::string>(const Reference&)>& look_up);

/// How a task value reads inside a string: JSON strings lose their quotes, 1 is "1", true is
/// "true", lists and maps stay JSON.
[[nodiscard]] std::string render_task_value(std::string_view json);

/// A part of an instant, in UTC.
[[nodiscard]] std::string render_time(Timestamp instant, TimePart part);

}  // namespace sheaf::model
