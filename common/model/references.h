// Dynamic value references `{{…}}` in task settings: parsing and resolution. Pure.
//
// Known here: job.parameters.<name>, job.id, job.run_id, job.trigger.type,
// tasks.<key>.values.<name>. Inner whitespace is allowed, names outside [A-Za-z0-9_-] stand in
// backticks.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace sheaf::model {

struct Reference {
  enum class Kind { kJobParameter, kJobId, kJobRunId, kTriggerType, kTaskValue };
  Kind kind = Kind::kJobId;
  std::string task_key;    ///< For kTaskValue.
  std::string name;        ///< Parameter or value name.
  std::size_t offset = 0;  ///< Of "{{" in the text, bytes.
  std::size_t length = 0;  ///< Up to and with "}}".
};

/// All references of `text`, in order. Fails with kInvalid, or kUnsupported for a reference that is
/// not known here, naming the reference and the nearest known one.
[[nodiscard]] Result<std::vector<Reference>> parse_references(std::string_view text);

/// The references that are known here, for messages.
[[nodiscard]] std::string_view known_references();

/// Replaces every reference in `text` by what `look_up` gives; fails with its first error.
[[nodiscard]] Result<std::string> resolve_references(
    std::string_view text, const std::function<Result<std::string>(const Reference&)>& look_up);

/// How a task value reads inside a string: JSON strings lose their quotes, 1 is "1", true is
/// "true", lists and maps stay JSON.
[[nodiscard]] std::string render_task_value(std::string_view json);

}  // namespace sheaf::model
