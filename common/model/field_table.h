// The one table of job fields: type, where it stands, and what Sheaf does with it. The bundle
// loader, the API, the JSON Schema and docs/fields.md are generated from it or checked against it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf::model {

enum class FieldType {
  kString,
  kInteger,
  kNumber,
  kIntegerOrString,
  kBoolean,
  kStringList,
  kStringMap,
  kObject,
  kObjectList,
  kAny
};

enum class Treatment {
  kExecuted,  ///< Has its documented effect.
  kEchoed,    ///< Kept and returned; no effect on execution.
  /// Would change execution and is not supported: an error with the reason. Allowed while empty
  /// ("", false,
  /// [], {}), since clients write back what they read.
  kRefused,
};

struct Field {
  /// Path pattern from the job: "tasks[].depends_on[].outcome", "parameters[].default".
  std::string_view path;
  FieldType type;
  Treatment treatment;
  bool required;
  /// One sentence for people; for refused fields what to do instead.
  std::string_view description;
  /// Allowed values of a string, joined by "|"; empty: any.
  std::string_view choices;
};

/// All fields, sorted by path.
[[nodiscard]] std::span<const Field> job_fields();

/// Path pattern of what a for-each task repeats: a task like any other. Its fields are those of
/// "tasks[]", except the few that have rows of their own.
inline constexpr std::string_view kIterationPattern = "tasks[].for_each_task.task";

/// The fields one level below a path pattern ("" is the job itself, "tasks[]" a task), sorted by
/// name.
[[nodiscard]] std::vector<const Field*> fields_below(std::string_view pattern);

/// "A|B" → {"A", "B"}.
[[nodiscard]] std::vector<std::string> split_choices(std::string_view choices);

/// The last segment of the field's path: "outcome".
[[nodiscard]] std::string_view name_of(const Field& field);

/// The field at a path pattern, or nullptr.
[[nodiscard]] const Field* find_job_field(std::string_view path);

}  // namespace sheaf::model
