#include "common/model/job_settings.h"

#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/base/limits.h"
#include "common/model/json_reading.h"
#include "common/model/settings_check.h"
#include "common/model/settings_passes.h"
#include "common/model/strict_json.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxEnvironments = 10;
constexpr std::size_t kMaxTags = 25;
constexpr std::size_t kMaxJobClusters = 100;
constexpr std::size_t kMaxWebhooksPerEvent = 3;
constexpr std::size_t kMaxEmailsPerEvent = 100;
constexpr std::size_t kMaxDescriptionBytes = 27'700;
constexpr std::int64_t kMaxPriority = 1'000;

void check_length(const json::object& object,
                  std::string_view key,
                  std::size_t most,
                  std::string_view what,
                  Findings& findings) {
  const json::value* value = member_at(object, key);
  std::size_t size = 0;
  if (value != nullptr && value->is_string()) {
    size = value->get_string().size();
  } else if (value != nullptr && value->is_array()) {
    size = value->get_array().size();
  } else if (value != nullptr && value->is_object()) {
    size = value->get_object().size();
  }
  if (size > most) {
    report(findings,
           std::string(key),
           std::to_string(size) + " " + std::string(what) + " are more than the " +
               std::to_string(most) + " allowed");
  }
}

void check_parameter(const ParameterSettings& parameter,
                     const std::string& path,
                     Findings& findings) {
  if (!is_parameter_name(parameter.name)) {
    report(findings,
           member_path(path, "name"),
           "\"" + parameter.name + "\" is not a parameter name",
           "Use 1 to 256 letters, digits, `_`, `-` and `.`.");
  }
  if (parameter.default_value.size() > limits::kMaxParameterBytes) {
    report(findings,
           member_path(path, "default"),
           "longer than " + std::to_string(limits::kMaxParameterBytes) + " bytes");
  }
}

std::vector<ParameterSettings> compile_parameters(const json::object& document,
                                                  Findings& findings) {
  std::vector<ParameterSettings> parameters;
  std::set<std::string> names;
  for (const IndexedObject& block : objects_at(document, "parameters")) {
    const std::string path = indexed_path("parameters", block.index);
    ParameterSettings parameter{.name = string_at(*block.object, "name").value_or(""),
                                .default_value = string_at(*block.object, "default").value_or("")};
    if (string_at(*block.object, "name")) {
      check_parameter(parameter, path, findings);
    }
    if (!parameter.name.empty() && !names.insert(parameter.name).second) {
      report(findings,
             member_path(path, "name"),
             "two parameters are called \"" + parameter.name + "\"");
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

EnvironmentSettings compile_environment(const json::object& block,
                                        const std::string& path,
                                        Findings& findings) {
  EnvironmentSettings environment{
      .environment_key = string_at(block, "environment_key").value_or(""),
      .environment_version = {},
      .dependencies = {}};
  const json::object* spec = object_at(block, "spec");
  if (spec == nullptr) {
    return environment;
  }
  const bool has_version = string_at(*spec, "environment_version").has_value();
  const std::string version_key = has_version ? "environment_version" : "client";
  environment.environment_version = string_at(*spec, version_key).value_or("");
  environment.dependencies = strings_at(*spec, "dependencies");
  const std::vector<std::string> versions = {"", "1", "2", "3", "4", "5"};
  if (std::ranges::find(versions, environment.environment_version) == versions.end()) {
    report(findings,
           member_path(path, "spec." + version_key),
           "there is no environment version \"" + environment.environment_version + "\"",
           "Write \"1\" (Python 3.10), \"2\" (3.11), \"3\", \"4\" or \"5\" (3.12).");
  }
  for (std::size_t i = 0; i < environment.dependencies.size(); ++i) {
    if (environment.dependencies[i].find_first_of(std::string_view("\n\r\0", 3)) !=
        std::string::npos) {
      report(findings,
             indexed_path(member_path(path, "spec.dependencies"), i),
             "a dependency is one line",
             "Make a list element of each line.");
    }
  }
  return environment;
}

std::vector<EnvironmentSettings> compile_environments(const json::object& document,
                                                      Findings& findings) {
  std::vector<EnvironmentSettings> environments;
  check_length(document, "environments", kMaxEnvironments, "environments", findings);
  std::set<std::string> keys;
  for (const IndexedObject& block : objects_at(document, "environments")) {
    const std::string path = indexed_path("environments", block.index);
    EnvironmentSettings environment = compile_environment(*block.object, path, findings);
    if (string_at(*block.object, "environment_key") &&
        !is_plain_key(environment.environment_key, limits::kMaxTaskKeyBytes)) {
      report(findings,
             member_path(path, "environment_key"),
             "\"" + environment.environment_key + "\" is not an environment key",
             "Use 1 to 100 letters, digits, `_` and `-`.");
    }
    if (!keys.insert(environment.environment_key).second) {
      report(findings,
             member_path(path, "environment_key"),
             "two environments have the key \"" + environment.environment_key + "\"");
    }
    environments.push_back(std::move(environment));
  }
  return environments;
}

std::optional<ScheduleSettings> compile_schedule(const json::object& document) {
  const json::object* block = object_at(document, "schedule");
  if (block == nullptr) {
    return std::nullopt;
  }
  ScheduleSettings schedule{
      .quartz_cron_expression = string_at(*block, "quartz_cron_expression").value_or(""),
      .timezone_id = string_at(*block, "timezone_id").value_or(""),
      .paused = string_at(*block, "pause_status") == "PAUSED",
      .daylight_saving = DaylightSavingRule::kWallClock};
  const json::object* sheaf = object_at(document, "sheaf");
  if (sheaf != nullptr && string_at(*sheaf, "daylight_saving") == "quartz") {
    schedule.daylight_saving = DaylightSavingRule::kQuartz;
  }
  return schedule;
}

// A name without "@" is a mailbox of the mail server itself.
bool is_mail_address(std::string_view address) {
  const std::size_t at = address.find('@');
  const bool has_sound_at =
      at == std::string_view::npos ||
      (at != 0 && at + 1 < address.size() && address.find('@', at + 1) == std::string_view::npos);
  return !address.empty() && address.size() <= 254 && has_sound_at &&
         std::ranges::all_of(address, [](char c) {
           return static_cast<unsigned char>(c) > ' ' && c != '<' && c != '>' && c != ',' &&
                  c != ';' && c != '\x7f';
         });
}

std::vector<AlertTarget> compile_targets(const json::object& document,
                                         const std::string& event,
                                         Findings& findings) {
  std::vector<AlertTarget> targets;
  if (const json::object* block = object_at(document, "email_notifications")) {
    const std::string path = member_path("email_notifications", event);
    const std::vector<std::string> addresses = strings_at(*block, event);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      if (!is_mail_address(addresses[i])) {
        report(findings, indexed_path(path, i), "\"" + addresses[i] + "\" is not a mail address");
      }
      targets.push_back({.channel = AlertTarget::Channel::kEmail, .destination = addresses[i]});
    }
    if (addresses.size() > kMaxEmailsPerEvent) {
      report(findings, path, "more than " + std::to_string(kMaxEmailsPerEvent) + " addresses");
    }
  }
  if (const json::object* block = object_at(document, "webhook_notifications")) {
    const std::string path = member_path("webhook_notifications", event);
    const std::vector<IndexedObject> destinations = objects_at(*block, event);
    for (const IndexedObject& destination : destinations) {
      const std::string id = string_at(*destination.object, "id").value_or("");
      if (string_at(*destination.object, "id") && !is_parameter_name(id)) {
        report(findings,
               member_path(indexed_path(path, destination.index), "id"),
               "\"" + id + "\" is not a destination",
               "Name one of the destinations of the scheduler's config.yml.");
      }
      targets.push_back({.channel = AlertTarget::Channel::kWebhook, .destination = id});
    }
    if (destinations.size() > kMaxWebhooksPerEvent) {
      report(findings, path, "more than " + std::to_string(kMaxWebhooksPerEvent) + " destinations");
    }
  }
  return targets;
}

AlertSettings compile_alerts(const json::object& document, Findings& findings) {
  AlertSettings alerts{.on_start = compile_targets(document, "on_start", findings),
                       .on_success = compile_targets(document, "on_success", findings),
                       .on_failure = compile_targets(document, "on_failure", findings)};
  if (const json::object* block = object_at(document, "notification_settings")) {
    alerts.no_alert_for_skipped_runs =
        boolean_at(*block, "no_alert_for_skipped_runs").value_or(false);
    alerts.no_alert_for_canceled_runs =
        boolean_at(*block, "no_alert_for_canceled_runs").value_or(false);
  }
  if (const json::object* block = object_at(document, "email_notifications")) {
    alerts.no_alert_for_skipped_runs =
        alerts.no_alert_for_skipped_runs ||
        boolean_at(*block, "no_alert_for_skipped_runs").value_or(false);
  }
  return alerts;
}

// Workers and alerts hand the name on as a text that ends at its first NUL.
void check_name(const json::object& document, Findings& findings) {
  if (string_at(document, "name").value_or("").find('\0') != std::string::npos) {
    report(findings, "name", "a name cannot hold a NUL character", "Remove it.");
  }
}

JobSettings compile_job(const json::object& document, Findings& findings) {
  check_length(document, "name", limits::kMaxJobNameBytes, "bytes", findings);
  check_name(document, findings);
  check_length(document, "description", kMaxDescriptionBytes, "bytes", findings);
  check_length(document, "tags", kMaxTags, "tags", findings);
  JobSettings settings;
  settings.name = string_at(document, "name").value_or("Untitled");
  settings.tasks = compile_tasks(document, findings);
  check_length(document, "job_clusters", kMaxJobClusters, "job clusters", findings);
  apply_job_clusters(document, settings.tasks, findings);
  settings.environments = compile_environments(document, findings);
  settings.parameters = compile_parameters(document, findings);
  settings.schedule = compile_schedule(document);
  settings.hooks = compile_hooks(document, settings.parameters, findings);
  settings.alerts = compile_alerts(document, findings);
  settings.max_concurrent_runs = read_integer(document,
                                              "",
                                              "max_concurrent_runs",
                                              {.most = limits::kMaxConcurrentRuns, .otherwise = 1},
                                              findings);
  settings.timeout = std::chrono::seconds(
      read_integer(document, "", "timeout_seconds", {.most = kMaxTimeoutSeconds}, findings));
  if (const json::object* queue = object_at(document, "queue")) {
    settings.queue_enabled = boolean_at(*queue, "enabled").value_or(true);
  }
  if (const json::object* sheaf = object_at(document, "sheaf")) {
    settings.priority = static_cast<int>(read_integer(
        *sheaf, "sheaf", "priority", {.least = -kMaxPriority, .most = kMaxPriority}, findings));
  }
  return settings;
}

}  // namespace

bool is_parameter_name(std::string_view name) {
  return !name.empty() && name.size() <= limits::kMaxTaskValueKeyBytes &&
         std::ranges::all_of(name, [](char c) { return c == '.' || is_plain_key({&c, 1}, 1); });
}

std::string to_string(const SettingsFinding& finding) {
  std::string text = finding.path.empty() ? finding.message : finding.path + ": " + finding.message;
  if (!finding.cure.empty()) {
    text += "; " + finding.cure;
  }
  return text;
}

CheckedSettings check_job_settings(std::string_view text) {
  CheckedSettings checked;
  const Result<json::value> document = parse_strict_json(text, limits::kMaxSettingsBytes);
  if (!document) {
    checked.findings.push_back({.code = document.error().code,
                                .path = {},
                                .message = document.error().message,
                                .cure = {},
                                .related = {}});
    return checked;
  }
  if (!document->is_object()) {
    report(checked.findings, "", "job settings are a JSON object");
    return checked;
  }
  const json::object& object = document->get_object();
  check_fields(object, checked.findings);
  checked.settings = compile_job(object, checked.findings);
  const bool has_order = check_graph(checked.settings, checked.findings);
  if (has_order) {
    check_references(checked.settings, checked.findings);
  }
  return checked;
}

// Spelt out in a source of its own: TaskSettings holds ForEachTask holds TaskSettings, and a
// defaulted comparison of that crashes clang 19.
bool operator==(const ForEachTask& a, const ForEachTask& b) {
  return a.inputs == b.inputs && a.inputs_file == b.inputs_file && a.concurrency == b.concurrency &&
         a.mode == b.mode && a.task == b.task;
}

Result<JobSettings> parse_job_settings(std::string_view text) {
  CheckedSettings checked = check_job_settings(text);
  if (checked.findings.empty()) {
    return std::move(checked.settings);
  }
  const SettingsFinding& first = checked.findings.front();
  return fail(first.code, to_string(first));
}

}  // namespace sheaf::model
