// What tasks do that make no other tasks run, in compiled form; see job_settings.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/model/trigger_settings.h"

namespace sheaf::model {

/// Sheaf's own task kind: any program. `command[0]` is looked up in PATH.
struct CommandTask {
  std::vector<std::string> command;
  NamedStrings env;
  friend bool operator==(const CommandTask&, const CommandTask&) = default;
};

/// A Python script of the deployment. `python_file` is absolute below the deployment's file path.
struct SparkPythonTask {
  std::string python_file;
  std::vector<std::string> parameters;
  friend bool operator==(const SparkPythonTask&, const SparkPythonTask&) = default;
};

/// A function of an installed Python package: `entry_point` names one of the distribution's entry
/// points of any group, else an attribute of the package.
struct PythonWheelTask {
  std::string package_name;
  std::string entry_point;
  std::vector<std::string> parameters;
  /// Handed over as `--name=value`, with the job parameters, which win. Set: there are no
  /// `parameters`.
  std::optional<NamedStrings> named_parameters;
  friend bool operator==(const PythonWheelTask&, const PythonWheelTask&) = default;
};

/// A notebook of the deployment: source with the notebook header, or `.ipynb`. `notebook_path` is
/// absolute below the deployment's file path, with or without the file's extension.
struct NotebookTask {
  std::string notebook_path;
  /// Values of its widgets, beside the job parameters, which win.
  NamedStrings base_parameters;
  friend bool operator==(const NotebookTask&, const NotebookTask&) = default;
};

enum class ConditionOperator : std::uint8_t {
  kEqualTo,
  kNotEqual,
  kGreaterThan,
  kGreaterThanOrEqual,
  kLessThan,
  kLessThanOrEqual,
};

/// Compares two strings after references are resolved. EQUAL_TO and NOT_EQUAL compare text; the
/// others compare numbers and fail the task when a side is not one.
struct ConditionTask {
  ConditionOperator op = ConditionOperator::kEqualTo;
  std::string left;
  std::string right;
  friend bool operator==(const ConditionTask&, const ConditionTask&) = default;
};

}  // namespace sheaf::model
