#include <algorithm>
#include <set>

#include <boost/json/object.hpp>

#include "common/base/limits.h"
#include "common/model/json_reading.h"
#include "common/model/nearest.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

bool is_variable_name(std::string_view name) {
  return is_plain_key(name, 255) && name.find('-') == std::string_view::npos &&
         !(name.front() >= '0' && name.front() <= '9');
}

// A dotted path into a JSON body: segments that are not empty.
bool is_body_path(std::string_view path) {
  return !path.empty() && path.size() <= 1'000 && !path.starts_with('.') && !path.ends_with('.') &&
         path.find("..") == std::string_view::npos;
}

void check_body_path(const std::string& body_path, const std::string& path, Findings& findings) {
  if (!is_body_path(body_path)) {
    report(findings,
           path,
           "\"" + body_path + "\" is not a path into the body",
           "Write names joined by dots: alert.severity.");
  }
}

void check_secret(const json::object& block,
                  const HookSettings& hook,
                  const std::string& path,
                  Findings& findings) {
  const bool is_stored = string_at(block, "secret").has_value();
  const std::optional<std::string> variable = string_at(block, "secret_env");
  if (variable && !is_variable_name(*variable)) {
    report(findings,
           member_path(path, "secret_env"),
           "\"" + *variable + "\" is not a name of an environment variable",
           "Name the variable of the scheduler that holds the secret.");
  }
  if (variable && is_stored) {
    report(findings,
           member_path(path, "secret"),
           "the hook has two secrets",
           "Keep either `secret_env` or `secret: stored`.");
    findings.back().related.push_back(member_path(path, "secret_env"));
  }
  if (!variable && !is_stored) {
    report(
        findings,
        path,
        "the hook \"" + hook.name + "\" has no secret: anybody could start the job",
        "Add `secret_env: NAME` (a variable of the scheduler's environment), or `secret: stored` "
        "and set it with `sheaf hooks secret`.");
  }
}

void check_parameters(const HookSettings& hook,
                      const std::vector<ParameterSettings>& declared,
                      const std::string& path,
                      Findings& findings) {
  std::vector<std::string> names;
  for (const ParameterSettings& parameter : declared) {
    names.push_back(parameter.name);
  }
  for (const auto& [parameter, body_path] : hook.parameters) {
    const std::string parameter_path = member_path(path, parameter);
    if (std::ranges::find(names, parameter) == names.end()) {
      report(findings,
             parameter_path,
             "the job declares no parameter \"" + parameter + "\"" + did_you_mean(parameter, names),
             "Declare it under `parameters` of the job.");
    }
    check_body_path(body_path, parameter_path, findings);
  }
}

HookSettings compile_hook(const json::object& block,
                          const std::vector<ParameterSettings>& declared,
                          const std::string& path,
                          Findings& findings) {
  HookSettings hook{.name = string_at(block, "name").value_or(""),
                    .signature = string_at(block, "signature") == "bearer"
                                     ? HookSignature::kBearer
                                     : HookSignature::kStandardWebhooks,
                    .secret_env = string_at(block, "secret_env").value_or(""),
                    .match_field = {},
                    .match_equals = {},
                    .parameters = string_map_at(block, "parameters"),
                    .deduplication_key = string_at(block, "deduplication_key").value_or("")};
  if (string_at(block, "name") && !is_plain_key(hook.name, limits::kMaxTaskKeyBytes)) {
    report(findings,
           member_path(path, "name"),
           "\"" + hook.name + "\" is not a hook name",
           "Use 1 to 100 letters, digits, `_` and `-`.");
  }
  if (const json::object* match = object_at(block, "match")) {
    hook.match_field = string_at(*match, "field").value_or("");
    hook.match_equals = string_at(*match, "equals").value_or("");
    if (string_at(*match, "field")) {
      check_body_path(hook.match_field, member_path(path, "match.field"), findings);
    }
  }
  if (string_at(block, "deduplication_key")) {
    check_body_path(hook.deduplication_key, member_path(path, "deduplication_key"), findings);
  }
  check_secret(block, hook, path, findings);
  check_parameters(hook, declared, member_path(path, "parameters"), findings);
  return hook;
}

}  // namespace

std::vector<HookSettings> compile_hooks(const json::object& document,
                                        const std::vector<ParameterSettings>& parameters,
                                        Findings& findings) {
  std::vector<HookSettings> hooks;
  const json::object* sheaf = object_at(document, "sheaf");
  if (sheaf == nullptr) {
    return hooks;
  }
  std::set<std::string> names;
  for (const IndexedObject& block : objects_at(*sheaf, "hooks")) {
    const std::string path = indexed_path("sheaf.hooks", block.index);
    HookSettings hook = compile_hook(*block.object, parameters, path, findings);
    if (!hook.name.empty() && !names.insert(hook.name).second) {
      report(findings, member_path(path, "name"), "two hooks are called \"" + hook.name + "\"");
    }
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

}  // namespace sheaf::model
