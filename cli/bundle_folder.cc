#include "cli/bundle_folder.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

#include <unistd.h>

#include "bundles/diagnostic_text.h"
#include "bundles/utf8.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "common/base/id.h"
#include "common/os/file.h"

namespace sheaf::cli {
namespace {

/// https://no-color.org: NO_COLOR forbids colours wherever they would be.
bool has_coloured_errors(const Surroundings& surroundings) {
  return ::isatty(STDERR_FILENO) == 1 && !surroundings.find("NO_COLOR") &&
         surroundings.find("TERM").value_or("dumb") != "dumb";
}

std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string known_keys(const boost::json::object& deployment) {
  std::string keys;
  for (const auto& job : array_at(deployment, "jobs")) {
    if (job.is_object()) {
      keys += (keys.empty() ? "" : ", ") + text_at(job.get_object(), "resource_key");
    }
  }
  return keys;
}

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char digit) { return digit >= '0' && digit <= '9'; });
}

std::optional<DeploymentName> name_of(const bundles::LoadedBundle& bundle) {
  if (bundle.name.empty() || bundle.target.empty()) {
    return std::nullopt;
  }
  return DeploymentName{.bundle = bundle.name, .target = bundle.target};
}

Result<std::int64_t> find_key(Scheduler& scheduler,
                              const DeploymentName& name,
                              std::string_view key) {
  const auto deployment = scheduler.get(name.path());
  if (!deployment && deployment.error().code == ErrorCode::kNotFound) {
    return fail(ErrorCode::kNotFound,
                "bundle " + name.bundle + " is not deployed to target " + name.target +
                    ": run `sheaf deploy -t " + name.target + "` first");
  }
  if (!deployment) {
    return fail(deployment.error());
  }
  for (const auto& job : array_at(*deployment, "jobs")) {
    if (job.is_object() && text_at(job.get_object(), "resource_key") == key) {
      return number_at(job.get_object(), "job_id");
    }
  }
  return fail(ErrorCode::kNotFound,
              "the deployment of " + name.bundle + " to " + name.target + " has no job `" +
                  std::string(key) + "`; it has: " + known_keys(*deployment));
}

/// A number may be a key too, and in the folder of a bundle that is what is meant first.
Result<std::int64_t> find_number(const Invocation& invocation,
                                 Scheduler& scheduler,
                                 std::string_view text) {
  const auto bundle = load_deployed_bundle(invocation);
  if (!bundle) {
    return fail(bundle.error());
  }
  const auto name = name_of(*bundle);
  if (!name) {
    return parse_id(text, "job");
  }
  auto job = find_key(scheduler, *name, text);
  const bool is_key =
      std::ranges::find(bundle->jobs, text, &bundles::JobResource::key) != bundle->jobs.end();
  if (!job && job.error().code == ErrorCode::kNotFound && !is_key) {
    return parse_id(text, "job");
  }
  return job;
}

Result<bundles::LoadOptions> options_of(const Invocation& invocation) {
  bundles::LoadOptions options = bundles::options_of_process();
  if (invocation.options.bundle) {
    options.start_folder = invocation.surroundings.absolute(*invocation.options.bundle);
    options.environment.erase("DATABRICKS_BUNDLE_ROOT");
  }
  options.target = invocation.options.target;
  options.is_strict = invocation.options.is_strict;
  options.is_portable = invocation.options.is_portable;
  options.allows_unsupported = invocation.options.allows_unsupported;
  auto variables = parse_pairs(invocation.options.variables, "--var");
  if (!variables) {
    return fail(variables.error());
  }
  options.variables = std::move(*variables);
  return options;
}

}  // namespace

Result<bundles::LoadedBundle> load_bundle(const Invocation& invocation,
                                          std::optional<bundles::BuiltWheels> built_wheels) {
  auto options = options_of(invocation);
  if (!options) {
    return fail(options.error());
  }
  options->built_wheels = std::move(built_wheels);
  return bundles::load_bundle(*options);
}

Result<bundles::LoadedBundle> load_deployed_bundle(const Invocation& invocation) {
  auto options = options_of(invocation);
  if (!options) {
    return fail(options.error());
  }
  options->recalls_variables = true;
  return bundles::load_bundle(*options);
}

void remember_variables(const Invocation& invocation, const bundles::LoadedBundle& bundle) {
  const auto variables = parse_pairs(invocation.options.variables, "--var");
  if (!variables) {
    return;
  }
  const auto file = bundle.root / bundles::deployed_variables_file(bundle.target);
  std::error_code error;
  if (variables->empty() && !std::filesystem::exists(file, error)) {
    return;
  }
  boost::json::object values;
  for (const auto& [name, value] : *variables) {
    values[name] = value;
  }
  std::filesystem::create_directories(file.parent_path(), error);
  // Values may be secrets of who deploys.
  const auto written = os::replace_file(file, boost::json::serialize(values) + "\n", 0600);
  if (error || !written) {
    say("Warning: the --var values are not remembered for `sheaf run`: " +
        (error ? file.parent_path().string() + ": " + error.message() : written.error().message));
  }
}

void say_findings(const Invocation& invocation, const bundles::LoadedBundle& bundle) {
  const auto style = has_coloured_errors(invocation.surroundings) ? bundles::TextStyle::kColoured
                                                                  : bundles::TextStyle::kPlain;
  for (const bundles::Diagnostic& diagnostic : bundle.diagnostics) {
    say(invocation.wants_json() ? bundles::to_json(diagnostic)
                                : bundles::to_text(diagnostic, style));
  }
}

std::string count_findings(const bundles::LoadedBundle& bundle) {
  const auto errors = static_cast<std::size_t>(std::ranges::count(
      bundle.diagnostics, bundles::Severity::kError, &bundles::Diagnostic::severity));
  const std::size_t warnings = bundle.diagnostics.size() - errors;
  if (warnings == 0) {
    return counted(errors, "error");
  }
  return (errors == 0 ? "" : counted(errors, "error") + " and ") + counted(warnings, "warning");
}

std::string DeploymentName::path() const {
  return "/api/sheaf/v1/deployments/" + http_client::percent_encoded(bundle) + "/" +
         http_client::percent_encoded(target);
}

Result<DeploymentName> find_deployment_name(const Invocation& invocation) {
  const auto bundle = load_deployed_bundle(invocation);
  if (!bundle) {
    return fail(bundle.error());
  }
  const auto name = name_of(*bundle);
  if (!name) {
    say_findings(invocation, *bundle);
    return fail(ErrorCode::kInvalid, "the bundle here has no name or no target");
  }
  return *name;
}

Result<std::int64_t> find_job(const Invocation& invocation,
                              Scheduler& scheduler,
                              std::string_view text) {
  if (is_number(text)) {
    return find_number(invocation, scheduler, text);
  }
  const auto name = find_deployment_name(invocation);
  if (!name) {
    return fail(name.error(), "job `" + std::string(text) + "`");
  }
  return find_key(scheduler, *name, text);
}

Result<model::NamedStrings> parse_pairs(const std::vector<std::string>& texts,
                                        std::string_view option) {
  model::NamedStrings pairs;
  for (const std::string& text : texts) {
    const auto equals = text.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::kInvalid,
                  std::string(option) + " `" + bundles::valid_text(text) + "`: write name=value");
    }
    if (!bundles::is_utf8(text)) {
      return fail(
          ErrorCode::kInvalid,
          std::string(option) + " `" + bundles::valid_text(text) + "`: the text is not UTF-8");
    }
    pairs.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return pairs;
}

Result<std::int64_t> parse_id(std::string_view text, std::string_view what) {
  std::int64_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || id < 1 || id > kMaxPublicId) {
    return fail(ErrorCode::kInvalid,
                "`" + std::string(text) + "` is no " + std::string(what) + " id");
  }
  return id;
}

}  // namespace sheaf::cli
