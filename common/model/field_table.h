// The one table of job fields: type, where it stands, and what Sheaf does with it. The bundle loader, the
// API, the JSON Schema and docs/fields.md are generated from it or checked against it.
#pragma once

#include <span>
#include <string_view>

namespace sheaf::model {

enum class FieldType { kString, kInteger, kBoolean, kStringList, kStringMap, kObject, kObjectList, kAny };

enum class Treatment {
  kExecuted,  ///< Has its documented effect.
  kEchoed,    ///< Kept and returned; no effect on execution.
  kRefused,   ///< Would change execution and is not supported: an error with the reason.
};

struct Field {
  /// Path pattern from the job: "tasks[].depends_on[].outcome", "parameters[].default".
  std::string_view path;
  FieldType type;
  Treatment treatment;
  bool required;
  /// One sentence for people; for refused fields what to do instead.
  std::string_view description;
};

/// All fields, sorted by path.
[[nodiscard]] std::span<const Field> job_fields();

/// The field at a path pattern, or nullptr.
[[nodiscard]] const Field* find_job_field(std::string_view path);

}  // namespace sheaf::model
