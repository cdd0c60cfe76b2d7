#include <array>

#include "common/model/field_rows.h"

namespace sheaf::model {
namespace {

using enum FieldType;

constexpr std::string_view kUseScript =
    "Use a spark_python_task or a command_task that does the same.";
constexpr std::string_view kUseJobParameters =
    "Hand values over as job_parameters, which the other job's tasks take up by reference.";
constexpr std::string_view kAlertAtJob =
    "Alerts are sent for jobs: move the list to the job's own block.";

// clang-format off
constexpr auto kRows = std::to_array<Field>({
  needed("tasks[].task_key", kString, "Letters, digits, `_` and `-`, at most 100; unique in the job."),
  executed("tasks[].depends_on", kObjectList, "Tasks that must be over first."),
  needed("tasks[].depends_on[].task_key", kString, "A task of the same job."),
  executed("tasks[].depends_on[].outcome", kString, "Of a condition task: the branch that this task is on.", "true|false"),
  executed("tasks[].run_if", kString, "When the task runs, by the results of its dependencies; ALL_SUCCESS where absent.",
           "ALL_SUCCESS|AT_LEAST_ONE_SUCCESS|NONE_FAILED|ALL_DONE|AT_LEAST_ONE_FAILED|ALL_FAILED"),
  executed("tasks[].max_retries", kInteger, "Attempts after a failed one; -1 is without limit."),
  executed("tasks[].min_retry_interval_millis", kInteger, "From the start of a failed attempt to the start of the next."),
  executed("tasks[].retry_on_timeout", kBoolean, "Whether an attempt that timed out is repeated."),
  executed("tasks[].timeout_seconds", kInteger, "Of each attempt; 0 is none."),
  executed("tasks[].environment_key", kString, "One of the job's environments."),
  executed("tasks[].disabled", kBoolean, "The task does not run."),

  executed("tasks[].command_task", kObject, "Sheaf's own: runs any program."),
  needed("tasks[].command_task.command", kStringList, "Program and arguments; the program is looked up in PATH."),
  executed("tasks[].command_task.env", kStringMap, "Environment variables beside those of Sheaf."),
  executed("tasks[].spark_python_task", kObject, "Runs a Python script of the bundle."),
  needed("tasks[].spark_python_task.python_file", kString, "The script; in a bundle relative to the file it is written in."),
  executed("tasks[].spark_python_task.parameters", kStringList, "Arguments of the script."),
  echoed("tasks[].spark_python_task.source", kString, "Files come with the deployment.", "WORKSPACE"),
  executed("tasks[].python_wheel_task", kObject, "Calls a function of an installed Python package."),
  needed("tasks[].python_wheel_task.package_name", kString, "The distribution; sys.argv[0] of the function."),
  needed("tasks[].python_wheel_task.entry_point", kString, "An entry point of the distribution in any group, else a function of the package."),
  executed("tasks[].python_wheel_task.parameters", kStringList, "Arguments of the function, in sys.argv."),
  executed("tasks[].python_wheel_task.named_parameters", kStringMap, "In place of parameters: arguments `--name=value`, beside the job parameters, which win."),
  executed("tasks[].notebook_task", kObject, "Runs a notebook of the bundle."),
  needed("tasks[].notebook_task.notebook_path", kString, "Python source with the notebook header, or .ipynb; in a bundle relative to the file it is written in."),
  executed("tasks[].notebook_task.base_parameters", kStringMap, "Values of dbutils.widgets, beside the job parameters, which win."),
  echoed("tasks[].notebook_task.source", kString, "Files come with the deployment.", "WORKSPACE"),
  refused("tasks[].notebook_task.warehouse_id", kString, "Sheaf runs no SQL cells: query from Python code."),
  executed("tasks[].libraries", kObjectList, "What a Python task adds to its environment."),
  executed("tasks[].libraries[].whl", kString, "A wheel: a path or glob relative to the file it is written in, or an https:// address."),
  executed("tasks[].libraries[].pypi", kObject, "A package of the index that the workers use."),
  needed("tasks[].libraries[].pypi.package", kString, "Line of a requirements file: `name==version`."),
  refused("tasks[].libraries[].pypi.repo", kString, "Set the index at the workers, in UV_DEFAULT_INDEX."),
  executed("tasks[].libraries[].requirements", kString, "A requirements file of the bundle."),
  refused("tasks[].libraries[].jar", kString, "Sheaf runs no JVM tasks; call java in a command_task."),
  refused("tasks[].libraries[].maven", kObject, "Sheaf runs no JVM tasks; call java in a command_task."),
  refused("tasks[].libraries[].cran", kObject, "Sheaf runs no R tasks; call Rscript in a command_task."),
  refused("tasks[].libraries[].egg", kString, "Build a wheel: eggs are installed nowhere any more."),
  executed("tasks[].condition_task", kObject, "Compares two strings."),
  needed("tasks[].condition_task.op", kString, "The comparison.",
         "EQUAL_TO|NOT_EQUAL|GREATER_THAN|GREATER_THAN_OR_EQUAL|LESS_THAN|LESS_THAN_OR_EQUAL"),
  needed("tasks[].condition_task.left", kString, "Left operand."),
  needed("tasks[].condition_task.right", kString, "Right operand."),

  executed("tasks[].for_each_task", kObject, "Runs one task for each element of a list."),
  executed("tasks[].for_each_task.inputs", kString, "A JSON array, or references that become one."),
  executed("tasks[].for_each_task.concurrency", kInteger, "Iterations at once, 1 to 100 (mode stream: processes at once, to 1000); 20 where absent."),
  executed("tasks[].for_each_task.sheaf", kObject, "Settings of the for-each task that only Sheaf knows."),
  executed("tasks[].for_each_task.sheaf.inputs_file", kString, "In place of inputs: a file of the bundle with one JSON value a line."),
  executed("tasks[].for_each_task.sheaf.mode", kString, "A process for each iteration, or one for each place that reads inputs line by line; process where absent.",
           "process|stream"),
  executed("tasks[].for_each_task.sheaf.chunk", kInteger, "Mode stream: inputs that one process gets at most, 1 to 10000; 1000 where absent."),
  needed("tasks[].for_each_task.task", kObject, "What each iteration runs: any task with the fields of `tasks[]` but those below, and no for-each task."),
  refused("tasks[].for_each_task.task.depends_on", kObjectList, "Write depends_on at the for-each task itself."),
  echoed("tasks[].for_each_task.task.run_if", kString, "An iteration has no dependencies.", "ALL_SUCCESS"),
  refused("tasks[].for_each_task.task.disabled", kBoolean, "Write disabled at the for-each task itself."),
  refused("tasks[].for_each_task.task.for_each_task", kObject, "Let inputs be the pairs: one list of maps, and {{input.<key>}} for their parts."),

  executed("tasks[].run_job_task", kObject, "Starts a run of another job and ends as it does."),
  needed("tasks[].run_job_task.job_id", kIntegerOrString, "The job: its id, or ${resources.jobs.<key>.id} for one of the same bundle."),
  executed("tasks[].run_job_task.job_parameters", kStringMap, "Job parameters of that run, beside those of this job with the same names."),
  refused("tasks[].run_job_task.notebook_params", kStringMap, kUseJobParameters),
  refused("tasks[].run_job_task.jar_params", kStringList, kUseJobParameters),
  refused("tasks[].run_job_task.python_params", kStringList, kUseJobParameters),
  refused("tasks[].run_job_task.python_named_params", kStringMap, kUseJobParameters),
  refused("tasks[].run_job_task.spark_submit_params", kStringList, kUseJobParameters),
  refused("tasks[].run_job_task.sql_params", kStringMap, kUseJobParameters),
  refused("tasks[].run_job_task.dbt_commands", kStringList, kUseJobParameters),
  refused("tasks[].run_job_task.pipeline_params", kObject, kUseJobParameters),

  executed("tasks[].sheaf", kObject, "Settings of the task that only Sheaf knows."),
  executed("tasks[].sheaf.resources", kObject, "What an attempt needs of its worker beside a slot."),
  executed("tasks[].sheaf.resources.cpu", kNumber, "Cores, 0.001 to 1024."),
  executed("tasks[].sheaf.resources.memory", kIntegerOrString, "Bytes, or a text such as 4GiB or 512MB."),
  executed("tasks[].sheaf.resources.gpus", kInteger, "Whole devices, 0 to 64."),
  executed("tasks[].sheaf.labels", kAny, "Labels that the worker must have: a list of `name` or `name=value`, or a map."),
  executed("tasks[].sheaf.pool", kString, "The pool whose limit the task's attempts count against."),
  executed("tasks[].sheaf.max_lost", kInteger, "Attempts lost with their worker that are repeated beside max_retries, 0 to 100; 3 where absent."),
  executed("tasks[].sheaf.retry", kObject, "How and after what a failed attempt is repeated."),
  executed("tasks[].sheaf.retry.backoff", kObject, "Growing random pauses between attempts, never shorter than min_retry_interval_millis."),
  needed("tasks[].sheaf.retry.backoff.initial_seconds", kNumber, "Longest pause before the first repeat; doubled before each further one."),
  needed("tasks[].sheaf.retry.backoff.max_seconds", kNumber, "Longest pause before any."),
  executed("tasks[].sheaf.retry.only_on", kAny, "Which ends are repeated: exit statuses from 1 to 255, LOST, TIMEOUT, OOM; all where absent."),

  refused("tasks[].sql_task", kObject, kUseScript),
  refused("tasks[].dbt_task", kObject, "Use a command_task that calls dbt."),
  refused("tasks[].dbt_cloud_task", kObject, kUseScript),
  refused("tasks[].dbt_platform_task", kObject, kUseScript),
  refused("tasks[].spark_jar_task", kObject, "Use a command_task that calls java."),
  refused("tasks[].spark_submit_task", kObject, "Use a command_task that calls spark-submit."),
  refused("tasks[].pipeline_task", kObject, kUseScript),
  refused("tasks[].dashboard_task", kObject, kUseScript),
  refused("tasks[].alert_task", kObject, kUseScript),
  refused("tasks[].power_bi_task", kObject, kUseScript),
  refused("tasks[].clean_rooms_notebook_task", kObject, kUseScript),
  refused("tasks[].gen_ai_compute_task", kObject, kUseScript),
  refused("tasks[].ai_runtime_task", kObject, kUseScript),
  refused("tasks[].python_operator_task", kObject, kUseScript),
  refused("tasks[].genie_task", kObject, kUseScript),
  refused("tasks[].agentic_task", kObject, kUseScript),

  refused("tasks[].environment_variables_key", kString, "Use `env` of a command_task, or pass parameters."),
  executed("tasks[].job_cluster_key", kString, "One of the job's job_clusters, whose `sheaf` block says what the task needs."),
  echoed("tasks[].existing_cluster_id", kString, "The task runs on a worker of Sheaf."),
  echoed("tasks[].new_cluster", kAny, "The task runs on a worker of Sheaf."),
  echoed("tasks[].compute", kAny, "The task runs on a worker of Sheaf."),
  echoed("tasks[].description", kString, "For people."),
  echoed("tasks[].disable_auto_optimization", kBoolean, "Sheaf adds no retries of its own."),
  echoed("tasks[].health", kAny, "No health warnings are raised."),

  echoed("tasks[].email_notifications", kObject, "Alerts are sent for jobs, not for tasks."),
  refused("tasks[].email_notifications.on_start", kStringList, kAlertAtJob),
  refused("tasks[].email_notifications.on_success", kStringList, kAlertAtJob),
  refused("tasks[].email_notifications.on_failure", kStringList, kAlertAtJob),
  echoed("tasks[].email_notifications.on_duration_warning_threshold_exceeded", kStringList, "No duration warnings are sent."),
  echoed("tasks[].email_notifications.on_streaming_backlog_exceeded", kStringList, "No backlog warnings are sent."),
  echoed("tasks[].email_notifications.no_alert_for_skipped_runs", kBoolean, "Tasks raise no alerts."),
  echoed("tasks[].webhook_notifications", kObject, "Alerts are sent for jobs, not for tasks."),
  refused("tasks[].webhook_notifications.on_start", kObjectList, kAlertAtJob),
  refused("tasks[].webhook_notifications.on_success", kObjectList, kAlertAtJob),
  refused("tasks[].webhook_notifications.on_failure", kObjectList, kAlertAtJob),
  echoed("tasks[].webhook_notifications.on_duration_warning_threshold_exceeded", kAny, "No duration warnings are sent."),
  echoed("tasks[].webhook_notifications.on_streaming_backlog_exceeded", kAny, "No backlog warnings are sent."),
  echoed("tasks[].notification_settings", kAny, "Tasks raise no alerts."),
});
// clang-format on

}  // namespace

std::span<const Field> task_field_rows() {
  return kRows;
}

}  // namespace sheaf::model
