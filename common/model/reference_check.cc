#include <algorithm>
#include <bitset>
#include <map>
#include <optional>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/model/json_reading.h"
#include "common/model/nearest.h"
#include "common/model/references.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

using TaskSet = std::bitset<limits::kMaxTasksPerJob>;

class ReferenceChecker {
 public:
  ReferenceChecker(const JobSettings& settings, Findings& findings)
      : settings_(settings), findings_(findings), upstream_(settings.tasks.size()) {
    for (std::size_t i = 0; i < settings_.tasks.size(); ++i) {
      index_.emplace(settings_.tasks[i].task_key, i);
      task_keys_.push_back(settings_.tasks[i].task_key);
    }
    for (const ParameterSettings& parameter : settings_.parameters) {
      parameter_names_.push_back(parameter.name);
    }
  }

  void run() {
    for (std::size_t i = 0; i < settings_.parameters.size(); ++i) {
      check_default(settings_.parameters[i].default_value,
                    member_path(indexed_path("parameters", i), "default"));
    }
    for (std::size_t i = 0; i < settings_.tasks.size(); ++i) {
      const User user{.task = i, .kind = TaskPlace::Kind::kOfJob};
      check_action(user, settings_.tasks[i].action, indexed_path("tasks", i));
    }
  }

 private:
  // Whose text it is. What a for-each task repeats has the upstream tasks of that task.
  struct User {
    std::size_t task = 0;
    TaskPlace::Kind kind = TaskPlace::Kind::kOfJob;
    ForEachMode mode = ForEachMode::kProcess;  // Of the for-each task around it.
  };

  void check_action(const User& user, const TaskAction& action, const std::string& path) {
    if (const auto* command = std::get_if<CommandTask>(&action)) {
      const std::string block = member_path(path, "command_task");
      check_strings(user, command->command, member_path(block, "command"));
      check_map(user, command->env, member_path(block, "env"));
    } else if (const auto* script = std::get_if<SparkPythonTask>(&action)) {
      check_strings(user, script->parameters, member_path(path, "spark_python_task.parameters"));
    } else if (const auto* wheel = std::get_if<PythonWheelTask>(&action)) {
      const std::string block = member_path(path, "python_wheel_task");
      check_strings(user, wheel->parameters, member_path(block, "parameters"));
      check_map(user,
                wheel->named_parameters.value_or(NamedStrings{}),
                member_path(block, "named_parameters"));
    } else if (const auto* notebook = std::get_if<NotebookTask>(&action)) {
      check_map(
          user, notebook->base_parameters, member_path(path, "notebook_task.base_parameters"));
    } else if (const auto* condition = std::get_if<ConditionTask>(&action)) {
      check_text(user, condition->left, member_path(path, "condition_task.left"));
      check_text(user, condition->right, member_path(path, "condition_task.right"));
    } else if (const auto* run_job = std::get_if<RunJobTask>(&action)) {
      check_map(user, run_job->job_parameters, member_path(path, "run_job_task.job_parameters"));
    } else if (const auto* for_each = std::get_if<ForEachTask>(&action)) {
      const std::string block = member_path(path, "for_each_task");
      check_text(user, for_each->inputs, member_path(block, "inputs"));
      for (const TaskSettings& repeated : for_each->task) {
        check_action(
            {.task = user.task, .kind = TaskPlace::Kind::kIteration, .mode = for_each->mode},
            repeated.action,
            member_path(block, "task"));
      }
    }
  }

  void check_strings(const User& user,
                     const std::vector<std::string>& strings,
                     const std::string& path) {
    for (std::size_t i = 0; i < strings.size(); ++i) {
      check_text(user, strings[i], indexed_path(path, i));
    }
  }

  void check_map(const User& user, const NamedStrings& strings, const std::string& path) {
    for (const auto& [name, value] : strings) {
      check_text(user, value, member_path(path, name));
    }
  }

  std::vector<Reference> references_of(const std::string& text, const std::string& path) {
    Result<std::vector<Reference>> references = parse_references(text);
    if (references) {
      return std::move(*references);
    }
    const bool is_unknown = references.error().code == ErrorCode::kInvalid;
    findings_.push_back({.code = references.error().code,
                         .path = path,
                         .message = references.error().message,
                         .cure = is_unknown ? listed_references()
                                            : "Hand the text over as a job parameter, or in the "
                                              "environment of the workers.",
                         .related = {}});
    return {};
  }

  static std::string listed_references() {
    std::string listed;
    for (const std::string_view known : known_references()) {
      listed += (listed.empty() ? "Known here are " : ", ") + std::string(known);
    }
    return listed + ".";
  }

  // A default is one text for the whole run.
  void check_default(const std::string& text, const std::string& path) {
    for (const Reference& reference : references_of(text, path)) {
      if (!is_of_run(reference.kind)) {
        report(findings_,
               path,
               "a default may hold references to the run only",
               "Put this reference into the parameters of the task that needs it.");
        return;
      }
    }
  }

  void check_text(const User& user, const std::string& text, const std::string& path) {
    for (const Reference& reference : references_of(text, path)) {
      if (reference.kind == Reference::Kind::kJobParameter) {
        check_parameter(reference, path);
      } else if (reference.kind == Reference::Kind::kInput) {
        check_input(user, path);
      } else if (!reference.task_key.empty()) {
        check_upstream(user.task, reference, path);
      }
    }
  }

  void check_input(const User& user, const std::string& path) {
    if (user.kind != TaskPlace::Kind::kIteration) {
      report(findings_,
             path,
             "{{input}} is known only to what a for-each task repeats",
             "Use it below for_each_task.task.");
    } else if (user.mode == ForEachMode::kStream) {
      report(findings_,
             path,
             "the process of a stream has many inputs, and {{input}} names one",
             "Read them from the file that SHEAF_STREAM_INPUT names.");
    }
  }

  void check_parameter(const Reference& reference, const std::string& path) {
    if (std::ranges::find(parameter_names_, reference.name) != parameter_names_.end()) {
      return;
    }
    report(findings_,
           path,
           "the job declares no parameter \"" + reference.name + "\"" +
               did_you_mean(reference.name, parameter_names_),
           "Declare it under `parameters` of the job.");
  }

  void check_upstream(std::size_t task, const Reference& reference, const std::string& path) {
    const std::string& key = reference.task_key;
    const auto found = index_.find(key);
    if (found == index_.end()) {
      report_unknown(key, path);
      return;
    }
    const bool is_value = reference.kind == Reference::Kind::kTaskValue;
    const std::string_view kind = kind_without_values(settings_.tasks[found->second].action);
    if (is_value && !kind.empty()) {
      report(findings_,
             path,
             "\"" + key + "\" is a " + std::string(kind) + " task and publishes no values",
             kind == "condition"
                 ? "Depend on it with `outcome`, or read the value that it compares."
                 : "Let a task behind it read the results where they are kept.");
      return;
    }
    const std::string& own = settings_.tasks[task].task_key;
    if (!upstream_of(task).test(found->second)) {
      report(findings_,
             path,
             "\"" + key + "\" does not run before \"" + own + "\", so " +
                 (is_value ? "its values are not there yet" : "that is not known yet"),
             "Add " + key + " to the depends_on of " + own + ".");
    }
  }

  static std::string_view kind_without_values(const TaskAction& action) {
    if (std::holds_alternative<ConditionTask>(action)) {
      return "condition";
    }
    if (std::holds_alternative<ForEachTask>(action)) {
      return "for-each";
    }
    return std::holds_alternative<RunJobTask>(action) ? "run-job" : "";
  }

  void report_unknown(const std::string& key, const std::string& path) {
    for (const TaskSettings& task : settings_.tasks) {
      const auto* for_each = std::get_if<ForEachTask>(&task.action);
      if (for_each != nullptr && !for_each->task.empty() && for_each->task[0].task_key == key) {
        report(findings_,
               path,
               "\"" + key + "\" runs once for each input of \"" + task.task_key +
                   "\", and no reference names one of them",
               "Refer to " + task.task_key +
                   ", or let iterations write their results to a place "
                   "that later tasks read.");
        return;
      }
    }
    report(findings_,
           path,
           "there is no task \"" + key + "\"" + did_you_mean(key, task_keys_),
           "Name a task of the same job that runs before.");
  }

  // Walks over an explicit stack: graphs may be as deep as they are large.
  const TaskSet& upstream_of(std::size_t task) {
    if (upstream_[task]) {
      return *upstream_[task];
    }
    TaskSet seen;
    std::vector<std::size_t> open{task};
    while (!open.empty()) {
      const std::size_t current = open.back();
      open.pop_back();
      for (const Dependency& dependency : settings_.tasks[current].depends_on) {
        const auto found = index_.find(dependency.task_key);
        if (found == index_.end() || seen.test(found->second)) {
          continue;
        }
        seen.set(found->second);
        if (upstream_[found->second]) {
          seen |= *upstream_[found->second];
        } else {
          open.push_back(found->second);
        }
      }
    }
    return upstream_[task].emplace(seen);
  }

  const JobSettings& settings_;
  Findings& findings_;
  std::vector<std::optional<TaskSet>> upstream_;
  std::map<std::string, std::size_t> index_;
  std::vector<std::string> task_keys_;
  std::vector<std::string> parameter_names_;
};

}  // namespace

void check_references(const JobSettings& settings, Findings& findings) {
  SHEAF_CHECK(settings.tasks.size() <= limits::kMaxTasksPerJob, "the task limit is checked first");
  ReferenceChecker(settings, findings).run();
}

}  // namespace sheaf::model
