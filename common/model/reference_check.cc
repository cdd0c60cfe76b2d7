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
    for (std::size_t i = 0; i < settings_.tasks.size(); ++i) {
      check_task(i);
    }
  }

 private:
  void check_task(std::size_t task) {
    const std::string path = indexed_path("tasks", task);
    const TaskAction& action = settings_.tasks[task].action;
    if (const auto* command = std::get_if<CommandTask>(&action)) {
      const std::string block = member_path(path, "command_task");
      check_strings(task, command->command, member_path(block, "command"));
      for (const auto& [name, value] : command->env) {
        check_text(task, value, member_path(member_path(block, "env"), name));
      }
    } else if (const auto* script = std::get_if<SparkPythonTask>(&action)) {
      check_strings(task, script->parameters, member_path(path, "spark_python_task.parameters"));
    } else if (const auto* condition = std::get_if<ConditionTask>(&action)) {
      check_text(task, condition->left, member_path(path, "condition_task.left"));
      check_text(task, condition->right, member_path(path, "condition_task.right"));
    }
  }

  void check_strings(std::size_t task,
                     const std::vector<std::string>& strings,
                     const std::string& path) {
    for (std::size_t i = 0; i < strings.size(); ++i) {
      check_text(task, strings[i], indexed_path(path, i));
    }
  }

  void check_text(std::size_t task, const std::string& text, const std::string& path) {
    const Result<std::vector<Reference>> references = parse_references(text);
    if (!references) {
      findings_.push_back(
          {.code = references.error().code,
           .path = path,
           .message = references.error().message,
           .cure = "References that are known here: " + std::string(known_references()) + ".",
           .related = {}});
      return;
    }
    for (const Reference& reference : *references) {
      if (reference.kind == Reference::Kind::kJobParameter) {
        check_parameter(reference, path);
      }
      if (reference.kind == Reference::Kind::kTaskValue) {
        check_value(task, reference, path);
      }
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

  void check_value(std::size_t task, const Reference& reference, const std::string& path) {
    const auto found = index_.find(reference.task_key);
    if (found == index_.end()) {
      report(findings_,
             path,
             "there is no task \"" + reference.task_key + "\"" +
                 did_you_mean(reference.task_key, task_keys_));
      return;
    }
    if (std::holds_alternative<ConditionTask>(settings_.tasks[found->second].action)) {
      report(findings_,
             path,
             "\"" + reference.task_key + "\" is a condition task and publishes no values",
             "Depend on it with `outcome`, or read the value that it compares.");
      return;
    }
    if (!upstream_of(task).test(found->second)) {
      report(findings_,
             path,
             "\"" + reference.task_key + "\" does not run before \"" +
                 settings_.tasks[task].task_key + "\", so its values are not there yet",
             "Add " + reference.task_key + " to the depends_on of " +
                 settings_.tasks[task].task_key + ".");
    }
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
