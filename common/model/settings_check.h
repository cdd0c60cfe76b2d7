// Everything that is wrong with a settings document, not only the first thing: what the bundle
// loader shows with places, and parse_job_settings() shortens to its first finding.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/error.h"
#include "common/model/job_settings.h"

namespace sheaf::model {

struct SettingsFinding {
  ErrorCode code = ErrorCode::kInvalid;
  /// JSON path of the culprit: "tasks[2].depends_on[0].task_key"; empty: the whole document.
  std::string path;
  std::string message;
  /// What to do about it; may be empty.
  std::string cure;
  /// Paths that belong to it too: the other edges of a cycle, the first of two equal keys.
  std::vector<std::string> related;
};

struct CheckedSettings {
  /// Complete only when there are no findings.
  JobSettings settings;
  /// In the order of the checks: fields first, then meaning.
  std::vector<SettingsFinding> findings;
};

/// Makes the checks of parse_job_settings() and goes on after each finding.
[[nodiscard]] CheckedSettings check_job_settings(std::string_view json);

/// "path: message; cure" as one line.
[[nodiscard]] std::string to_string(const SettingsFinding& finding);

}  // namespace sheaf::model
