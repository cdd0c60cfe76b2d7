// A job's settings in compiled form: what the scheduler executes. The JSON document that a client
// sent is stored beside it unchanged (JobRecord::settings_json); this form holds only what has an
// effect.
//
// Values without I/O. Which JSON field is executed, echoed or refused stands in the field table
// (common/model/field_table.h), against which parse_job_settings is checked by test.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/id.h"
#include "common/base/limits.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/model/task_actions.h"
#include "common/model/trigger_settings.h"

namespace sheaf::model {

/// When a task with finished dependencies runs; jobs documentation calls them the run_if
/// conditions.
enum class RunIf : std::uint8_t {
  kAllSuccess,
  kAtLeastOneSuccess,
  kNoneFailed,
  kAllDone,
  kAtLeastOneFailed,
  kAllFailed,
};

struct Dependency {
  std::string task_key;
  /// Set on edges from condition tasks: the outcome under which this edge counts as success.
  std::optional<bool> outcome;
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

struct TaskSettings;

/// How the iterations of a for-each task run.
enum class ForEachMode : std::uint8_t {
  kProcess,  ///< One process for each iteration.
  kStream,   ///< One process for each place, which reads inputs and answers line by line.
};

/// Runs one task for each element of a list.
struct ForEachTask {
  /// A JSON array, or a text whose references resolve to one. Empty when `inputs_file` is set.
  std::string inputs;
  /// Sheaf's own: path, relative to the deployment's files, of one JSON value a line.
  std::string inputs_file;
  /// Iterations at once, 1 or more.
  int concurrency = 1;
  ForEachMode mode = ForEachMode::kProcess;
  /// Of mode stream: inputs that one process is given at most.
  int chunk = limits::kDefaultStreamChunk;
  /// What each iteration runs: exactly one, never a for-each task itself.
  std::vector<TaskSettings> task;
  friend bool operator==(const ForEachTask&, const ForEachTask&);
};

/// Starts a run of another job and ends as it does.
struct RunJobTask {
  /// Invalid when `resource_key` says which job it is.
  JobId job;
  /// A job of the same deployment by its key under `resources.jobs`.
  std::string resource_key;
  /// Beside the parent's own job parameters, which are handed down by name; these win.
  NamedStrings job_parameters;
  friend bool operator==(const RunJobTask&, const RunJobTask&) = default;
};

using TaskAction = std::variant<CommandTask,
                                SparkPythonTask,
                                ConditionTask,
                                ForEachTask,
                                RunJobTask,
                                PythonWheelTask,
                                NotebookTask>;

/// True for what runs in a Python environment of its own.
[[nodiscard]] bool is_python(const TaskAction& action);

/// Sheaf's own: growing pauses between attempts. The n-th repeat waits a random time (full jitter)
/// of at most min(longest, first × 2^(n-1)), and never less than min_retry_interval asks.
/// Source: "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
struct BackoffSettings {
  Milliseconds first{0};  ///< 0: no back-off.
  Milliseconds longest{0};
  friend bool operator==(const BackoffSettings&, const BackoffSettings&) = default;
};

/// Sheaf's own: which ends of an attempt are worth another one; without any entry all are that
/// max_retries and retry_on_timeout allow.
struct RetryFilter {
  std::vector<int> exit_codes;
  bool on_lost = false;
  bool on_timeout = false;
  bool on_out_of_memory = false;

  [[nodiscard]] bool is_empty() const {
    return exit_codes.empty() && !on_lost && !on_timeout && !on_out_of_memory;
  }
  friend bool operator==(const RetryFilter&, const RetryFilter&) = default;
};

/// Sheaf's own: what an attempt needs of its worker beside a slot.
struct ResourceRequest {
  std::int64_t cpu_millis = 0;    ///< Thousandths of a core; 0: none asked for.
  std::int64_t memory_bytes = 0;  ///< 0: none asked for.
  int gpus = 0;                   ///< Whole devices, given by index.
  /// Every one must be among the worker's labels: "zone=b" or "fast-disk". Sorted.
  std::vector<std::string> labels;
  friend auto operator<=>(const ResourceRequest&, const ResourceRequest&) = default;
};

struct TaskSettings {
  std::string task_key;
  TaskAction action;
  std::vector<Dependency> depends_on;
  RunIf run_if = RunIf::kAllSuccess;
  /// Extra attempts after a failure; -1 is without limit.
  int max_retries = 0;
  /// From the start of the failed attempt to the start of the next.
  Milliseconds min_retry_interval{0};
  bool retry_on_timeout = false;
  /// Of each attempt; 0 is none.
  std::chrono::seconds timeout{0};
  /// Key into JobSettings::environments, or empty: the worker's own Python.
  std::string environment_key;
  bool disabled = false;
  BackoffSettings backoff;
  RetryFilter retry_only_on;
  /// Attempts lost with their worker that are repeated, beside max_retries.
  int max_lost = limits::kMaxLostAttempts;
  ResourceRequest resources;
  /// Name of the pool whose limit the task's attempts count against, or empty: no pool.
  std::string pool;
  /// Lines of a pip requirements file that the task adds to its environment.
  std::vector<std::string> libraries{};
  friend bool operator==(const TaskSettings&, const TaskSettings&) = default;
};

struct EnvironmentSettings {
  std::string environment_key;
  /// "1" … "5" (documentation of the serverless environment versions), or empty: the newest.
  std::string environment_version;
  /// Lines of a pip requirements file.
  std::vector<std::string> dependencies;
  friend bool operator==(const EnvironmentSettings&, const EnvironmentSettings&) = default;
};

/// Where an alert goes: a mail address, or the id of a webhook destination of the scheduler's
/// config.yml.
struct AlertTarget {
  enum class Channel : std::uint8_t { kEmail = 0, kWebhook = 1 };
  Channel channel = Channel::kWebhook;
  std::string destination;
  friend bool operator==(const AlertTarget&, const AlertTarget&) = default;
};

struct AlertSettings {
  std::vector<AlertTarget> on_start;
  std::vector<AlertTarget> on_success;
  std::vector<AlertTarget> on_failure;
  bool no_alert_for_skipped_runs = false;
  bool no_alert_for_canceled_runs = false;
  friend bool operator==(const AlertSettings&, const AlertSettings&) = default;
};

struct ParameterSettings {
  std::string name;
  std::string default_value;
  friend bool operator==(const ParameterSettings&, const ParameterSettings&) = default;
};

struct JobSettings {
  std::string name;
  std::vector<TaskSettings> tasks;
  std::vector<EnvironmentSettings> environments;
  std::vector<ParameterSettings> parameters;
  std::optional<ScheduleSettings> schedule;
  std::vector<HookSettings> hooks;
  AlertSettings alerts;
  std::int64_t max_concurrent_runs = 1;
  bool queue_enabled = true;
  /// Sheaf's own: ready tasks of jobs with a greater number are placed first; 0 where not given.
  int priority = 0;
  /// Of the whole run, from its start (queueing does not count); 0 is none.
  std::chrono::seconds timeout{0};
  friend bool operator==(const JobSettings&, const JobSettings&) = default;
};

/// What a Python task's environment holds: that which the task names, then its libraries, then what
/// its kind needs.
[[nodiscard]] EnvironmentSettings environment_of(const JobSettings& job, const TaskSettings& task);

/// Compiles a settings document and checks all that can be checked without files, clocks or other
/// jobs: required fields, types, limits, unique keys, dependencies that exist, cycles, outcome
/// edges, references.
///
/// Fails with kInvalid and a message that begins with the JSON path, e.g.
/// "tasks[2].depends_on[0].task_key: there is no task \"trian\"; did you mean \"train\"?", or with
/// kUnsupported where the field table refuses a field.
[[nodiscard]] Result<JobSettings> parse_job_settings(std::string_view json);

}  // namespace sheaf::model
