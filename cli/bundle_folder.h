// The bundle in the working folder, as commands use it: loaded with the options of this call, its
// findings shown, its jobs found on the scheduler.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "bundles/loader.h"
#include "cli/invocation.h"
#include "common/base/result.h"

namespace sheaf::cli {

/// Loads the bundle that `--bundle`, `--target`, `--var` and `--strict` mean. Findings are in the
/// result. Fails with kInvalid on a `--var` that is not `name=value`.
[[nodiscard]] Result<bundles::LoadedBundle> load_bundle(
    const Invocation& invocation, std::optional<bundles::BuiltWheels> built_wheels = std::nullopt);

/// The same with the `--var` values of the last deployment from this folder, below those that are
/// given now: what commands load that speak of what is deployed.
[[nodiscard]] Result<bundles::LoadedBundle> load_deployed_bundle(const Invocation& invocation);

/// Keeps the `--var` values of this call for load_deployed_bundle(). Failures are said and do no
/// more harm.
void remember_variables(const Invocation& invocation, const bundles::LoadedBundle& bundle);

/// Writes every finding to stderr: as text, in colours on a terminal, or with `-o json` as one JSON
/// object a line.
void say_findings(const Invocation& invocation, const bundles::LoadedBundle& bundle);

/// "2 errors and 1 warning".
[[nodiscard]] std::string count_findings(const bundles::LoadedBundle& bundle);

struct DeploymentName {
  std::string bundle;
  std::string target;

  /// Path of the deployment's route.
  [[nodiscard]] std::string path() const;
};

/// Name and target of the bundle, also of one that has errors elsewhere. Shows the findings and
/// fails with kInvalid when these two cannot be known.
[[nodiscard]] Result<DeploymentName> find_deployment_name(const Invocation& invocation);

/// `text` is the key of a job in the deployment of the bundle here, or a job id where it is no such
/// key. Fails with kNotFound and the keys that there are.
[[nodiscard]] Result<std::int64_t> find_job(const Invocation& invocation,
                                            Scheduler& scheduler,
                                            std::string_view text);

/// `name=value` pairs of UTF-8 in order. Fails with kInvalid, naming `option`.
[[nodiscard]] Result<model::NamedStrings> parse_pairs(const std::vector<std::string>& texts,
                                                      std::string_view option);

/// A positive id. Fails with kInvalid, naming `what`.
[[nodiscard]] Result<std::int64_t> parse_id(std::string_view text, std::string_view what);

}  // namespace sheaf::cli
