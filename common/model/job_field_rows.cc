#include <array>

#include "common/model/field_rows.h"

namespace sheaf::model {
namespace {

using enum FieldType;

// clang-format off
constexpr auto kRows = std::to_array<Field>({
  executed("name", kString, "Name of the job; `Untitled` where absent."),
  needed("tasks", kObjectList, "The graph of tasks, at least one."),
  executed("max_concurrent_runs", kInteger, "Runs at once, 0 to 1000; 1 where absent."),
  executed("timeout_seconds", kInteger, "Of the whole run from its start; 0 is none."),
  executed("queue", kObject, "What happens to a run over max_concurrent_runs."),
  needed("queue.enabled", kBoolean, "True: it waits; false: it is skipped. True where the block is absent."),
  executed("parameters", kObjectList, "Job parameters, referenced as {{job.parameters.<name>}}."),
  needed("parameters[].name", kString, "Letters, digits, `_`, `-` and `.`; unique in the job."),
  needed("parameters[].default", kString, "The value where a run gives none."),

  executed("schedule", kObject, "Starts runs by the clock."),
  needed("schedule.quartz_cron_expression", kString, "Six or seven Quartz fields, seconds first."),
  needed("schedule.timezone_id", kString, "IANA name of the time zone."),
  executed("schedule.pause_status", kString, "UNPAUSED where absent.", "PAUSED|UNPAUSED"),
  refused("schedule.sql_condition", kObject, "Put the query into a first task and a condition_task behind it."),
  refused("trigger", kObject, "Use `schedule`, or a hook under `sheaf: hooks:`."),
  refused("triggers", kObjectList, "Use `schedule`, or a hook under `sheaf: hooks:`."),
  refused("continuous", kObject, "Use a `schedule` with a short interval and max_concurrent_runs: 1."),

  executed("sheaf", kObject, "Settings that only Sheaf knows."),
  executed("sheaf.priority", kInteger, "Ready tasks of jobs with a greater number are placed first, -1000 to 1000; 0 where absent."),
  executed("sheaf.daylight_saving", kString, "How the schedule treats clock changes; wall_clock where absent.",
           "wall_clock|quartz"),
  executed("sheaf.hooks", kObjectList, "Inbound webhooks that start runs."),
  needed("sheaf.hooks[].name", kString, "Part of the hook's URL; unique in the job."),
  executed("sheaf.hooks[].signature", kString, "How a delivery proves itself; standard_webhooks where absent.",
           "standard_webhooks|bearer"),
  executed("sheaf.hooks[].secret_env", kString, "Environment variable of the scheduler that holds the secret."),
  executed("sheaf.hooks[].secret", kString, "`stored`: the secret is set with `sheaf hooks secret`.", "stored"),
  executed("sheaf.hooks[].match", kObject, "Deliveries that do not match are answered `ignored`."),
  needed("sheaf.hooks[].match.field", kString, "Dotted path into the JSON body."),
  needed("sheaf.hooks[].match.equals", kString, "The text that the field must have."),
  executed("sheaf.hooks[].parameters", kStringMap, "Job parameter ← dotted path into the JSON body."),
  executed("sheaf.hooks[].deduplication_key", kString, "Body field that names the delivery, beside `webhook-id`."),

  executed("email_notifications", kObject, "Alerts by mail."),
  executed("email_notifications.on_start", kStringList, "Mail addresses."),
  executed("email_notifications.on_success", kStringList, "Mail addresses."),
  executed("email_notifications.on_failure", kStringList, "Mail addresses."),
  executed("email_notifications.no_alert_for_skipped_runs", kBoolean, "Old place of the notification setting."),
  echoed("email_notifications.on_duration_warning_threshold_exceeded", kStringList, "No duration warnings are sent."),
  echoed("email_notifications.on_streaming_backlog_exceeded", kStringList, "No backlog warnings are sent."),
  executed("webhook_notifications", kObject, "Alerts to destinations of the scheduler's config.yml."),
  executed("webhook_notifications.on_start", kObjectList, "Destinations, at most three."),
  needed("webhook_notifications.on_start[].id", kString, "Name of a destination."),
  executed("webhook_notifications.on_success", kObjectList, "Destinations, at most three."),
  needed("webhook_notifications.on_success[].id", kString, "Name of a destination."),
  executed("webhook_notifications.on_failure", kObjectList, "Destinations, at most three."),
  needed("webhook_notifications.on_failure[].id", kString, "Name of a destination."),
  echoed("webhook_notifications.on_duration_warning_threshold_exceeded", kAny, "No duration warnings are sent."),
  echoed("webhook_notifications.on_streaming_backlog_exceeded", kAny, "No backlog warnings are sent."),
  executed("notification_settings", kObject, "Which runs raise no alert."),
  executed("notification_settings.no_alert_for_skipped_runs", kBoolean, "No alert for skipped runs."),
  executed("notification_settings.no_alert_for_canceled_runs", kBoolean, "No alert for cancelled runs."),

  executed("environments", kObjectList, "Python environments of the tasks, at most ten."),
  needed("environments[].environment_key", kString, "Named by the tasks; unique in the job."),
  executed("environments[].spec", kObject, "What the environment holds."),
  executed("environments[].spec.environment_version", kString, "Chooses the Python: 1 is 3.10, 2 is 3.11, 3 to 5 are 3.12."),
  executed("environments[].spec.client", kString, "Old name of environment_version."),
  executed("environments[].spec.dependencies", kStringList, "Lines of a pip requirements file."),
  refused("environments[].spec.base_environment", kString, "List the packages under `dependencies`."),
  refused("environments[].spec.java_dependencies", kStringList, "Sheaf runs no JVM tasks; remove the list."),
  refused("environment_variables", kObjectList, "Use `env` of a command_task, or pass parameters."),

  refused("git_source", kObject, "Deploy the files with the bundle and use relative paths."),
  executed("job_clusters", kObjectList, "Named needs of tasks; the tasks run on Sheaf's workers."),
  needed("job_clusters[].job_cluster_key", kString, "Named by the tasks; unique in the job."),
  echoed("job_clusters[].new_cluster", kAny, "Tasks run on Sheaf's workers."),
  executed("job_clusters[].sheaf", kObject, "What the tasks with this key ask for where they do not say so themselves."),
  executed("job_clusters[].sheaf.resources", kObject, "As `tasks[].sheaf.resources`."),
  executed("job_clusters[].sheaf.resources.cpu", kNumber, "Cores, 0.001 to 1024."),
  executed("job_clusters[].sheaf.resources.memory", kIntegerOrString, "Bytes, or a text such as 4GiB or 512MB."),
  executed("job_clusters[].sheaf.resources.gpus", kInteger, "Whole devices, 0 to 64."),
  executed("job_clusters[].sheaf.labels", kAny, "As `tasks[].sheaf.labels`, to which they are added."),
  echoed("access_control_list", kAny, "Whoever holds the token may do everything."),
  echoed("permissions", kAny, "Whoever holds the token may do everything."),
  echoed("run_as", kAny, "Tasks run as the worker's own account."),
  echoed("budget_policy_id", kString, "No meaning outside the vendor's cloud."),
  echoed("usage_policy_id", kString, "No meaning outside the vendor's cloud."),
  echoed("deployment", kAny, "Set by other clients."),
  echoed("description", kString, "For people, at most 27,700 characters."),
  echoed("edit_mode", kString, "Set by other clients.", "UI_LOCKED|EDITABLE"),
  echoed("format", kString, "Every job is MULTI_TASK.", "MULTI_TASK|SINGLE_TASK"),
  echoed("health", kAny, "No health warnings are raised."),
  echoed("lifecycle", kAny, "Of the bundle, not of the job."),
  echoed("parent_path", kString, "No meaning outside the vendor's workspace."),
  echoed("performance_target", kString, "Sheaf starts tasks as fast as it can either way.",
         "STANDARD|PERFORMANCE_OPTIMIZED"),
  echoed("tags", kStringMap, "For people and searches, at most 25."),
});
// clang-format on

}  // namespace

std::span<const Field> job_field_rows() {
  return kRows;
}

}  // namespace sheaf::model
