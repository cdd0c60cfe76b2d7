// Parameters of a run in the forms that came before job parameters, one for each old kind of task,
// with the limits of the public API. Pure; which of them reach a task is for others to say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/model/job_settings.h"

namespace sheaf::model {

/// What a request to run, submit or repair may hold; an absent member was not given.
struct LegacyParameters {
  std::optional<NamedStrings> notebook_params;
  std::optional<std::vector<std::string>> jar_params;
  std::optional<std::vector<std::string>> python_params;
  std::optional<NamedStrings> python_named_params;
  std::optional<std::vector<std::string>> spark_submit_params;
  std::optional<NamedStrings> sql_params;
  std::optional<std::vector<std::string>> dbt_commands;
};

/// Holds the parameters against their limits: notebook_params, jar_params, python_params and
/// spark_submit_params have at most 10,000 bytes as JSON, python_params and spark_submit_params are
/// ASCII, notebook_params and jar_params exclude each other, dbt_commands are at most ten and begin
/// with `dbt`. Fails with kInvalid and a message that begins with the member's name.
[[nodiscard]] Result<void> check_legacy_parameters(const LegacyParameters& parameters);

}  // namespace sheaf::model
