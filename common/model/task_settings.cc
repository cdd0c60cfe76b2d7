#include <algorithm>
#include <map>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/base/limits.h"
#include "common/model/field_table.h"
#include "common/model/json_reading.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

template <typename Enum>
Enum parse_choice(std::string_view text,
                  const std::map<std::string_view, Enum>& names,
                  Enum otherwise) {
  const auto found = names.find(text);
  return found == names.end() ? otherwise : found->second;
}

RunIf parse_run_if(std::string_view text) {
  return parse_choice<RunIf>(text,
                             {{"ALL_SUCCESS", RunIf::kAllSuccess},
                              {"AT_LEAST_ONE_SUCCESS", RunIf::kAtLeastOneSuccess},
                              {"NONE_FAILED", RunIf::kNoneFailed},
                              {"ALL_DONE", RunIf::kAllDone},
                              {"AT_LEAST_ONE_FAILED", RunIf::kAtLeastOneFailed},
                              {"ALL_FAILED", RunIf::kAllFailed}},
                             RunIf::kAllSuccess);
}

ConditionOperator parse_operator(std::string_view text) {
  return parse_choice<ConditionOperator>(
      text,
      {{"EQUAL_TO", ConditionOperator::kEqualTo},
       {"NOT_EQUAL", ConditionOperator::kNotEqual},
       {"GREATER_THAN", ConditionOperator::kGreaterThan},
       {"GREATER_THAN_OR_EQUAL", ConditionOperator::kGreaterThanOrEqual},
       {"LESS_THAN", ConditionOperator::kLessThan},
       {"LESS_THAN_OR_EQUAL", ConditionOperator::kLessThanOrEqual}},
      ConditionOperator::kEqualTo);
}

// Names of all task kinds that the task gives, supported or not.
std::vector<std::string> kinds_of(const json::object& task) {
  std::vector<std::string> kinds;
  for (const Field* field : fields_below("tasks[]")) {
    const std::string_view name = name_of(*field);
    if (!name.ends_with("_task")) {
      continue;
    }
    const json::value* value = member_at(task, name);
    const bool is_left_empty = value != nullptr && field->treatment == Treatment::kRefused &&
                               value->is_object() && value->get_object().empty();
    if (value != nullptr && !is_left_empty) {
      kinds.emplace_back(name);
    }
  }
  return kinds;
}

void check_kinds(const json::object& task, const std::string& path, Findings& findings) {
  const std::vector<std::string> kinds = kinds_of(task);
  if (kinds.empty()) {
    report(findings,
           path,
           "the task has nothing to do",
           "Give it one of: command_task, condition_task, spark_python_task.");
  } else if (kinds.size() > 1) {
    report(findings,
           member_path(path, kinds[1]),
           "the task is both a " + kinds[0] + " and a " + kinds[1],
           "Make two tasks of it.");
    findings.back().related.push_back(member_path(path, kinds[0]));
  }
}

void check_no_nul(const std::string& text, const std::string& path, Findings& findings) {
  if (text.find('\0') != std::string::npos) {
    report(findings, path, "a program cannot be given a NUL character");
  }
}

CommandTask compile_command(const json::object& block,
                            const std::string& path,
                            Findings& findings) {
  CommandTask task{.command = strings_at(block, "command"), .env = string_map_at(block, "env")};
  const std::string command_path = member_path(path, "command");
  if (array_at(block, "command") != nullptr && (task.command.empty() || task.command[0].empty())) {
    report(findings,
           command_path,
           "names no program",
           "Write the program and its arguments: command: [echo, hello].");
  }
  for (std::size_t i = 0; i < task.command.size(); ++i) {
    check_no_nul(task.command[i], indexed_path(command_path, i), findings);
  }
  for (const auto& [name, value] : task.env) {
    const std::string variable_path = member_path(member_path(path, "env"), name);
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      report(findings, variable_path, "not a name of an environment variable");
    }
    check_no_nul(value, variable_path, findings);
  }
  return task;
}

SparkPythonTask compile_script(const json::object& block,
                               const std::string& path,
                               Findings& findings) {
  SparkPythonTask task{.python_file = string_at(block, "python_file").value_or(""),
                       .parameters = strings_at(block, "parameters")};
  const std::string file_path = member_path(path, "python_file");
  const std::string& file = task.python_file;
  if (file.find("{{") != std::string::npos) {
    findings.push_back({.code = ErrorCode::kUnsupported,
                        .path = file_path,
                        .message = "may hold no {{…}} reference",
                        .cure = "Write the file's path; pass what varies as a parameter.",
                        .related = {}});
  } else if (string_at(block, "python_file") &&
             (!file.starts_with('/') || (file + "/").find("/../") != std::string::npos)) {
    report(findings,
           file_path,
           "\"" + file + "\" is not an absolute path of the deployment's files",
           "Write the script's path below the deployment's file path.");
  }
  check_no_nul(file, file_path, findings);
  for (std::size_t i = 0; i < task.parameters.size(); ++i) {
    check_no_nul(task.parameters[i], indexed_path(member_path(path, "parameters"), i), findings);
  }
  return task;
}

ConditionTask compile_condition(const json::object& block) {
  return {.op = parse_operator(string_at(block, "op").value_or("")),
          .left = string_at(block, "left").value_or(""),
          .right = string_at(block, "right").value_or("")};
}

TaskAction compile_action(const json::object& task, const std::string& path, Findings& findings) {
  if (const json::object* block = object_at(task, "spark_python_task")) {
    return compile_script(*block, member_path(path, "spark_python_task"), findings);
  }
  if (const json::object* block = object_at(task, "condition_task")) {
    return compile_condition(*block);
  }
  if (const json::object* block = object_at(task, "command_task")) {
    return compile_command(*block, member_path(path, "command_task"), findings);
  }
  return CommandTask{};
}

std::vector<Dependency> compile_dependencies(const json::object& task) {
  std::vector<Dependency> dependencies;
  for (const IndexedObject& edge : objects_at(task, "depends_on")) {
    Dependency dependency{.task_key = string_at(*edge.object, "task_key").value_or("")};
    if (const std::optional<std::string> outcome = string_at(*edge.object, "outcome")) {
      dependency.outcome = *outcome == "true";
    }
    dependencies.push_back(std::move(dependency));
  }
  return dependencies;
}

// What the kinds of task that start no Python do not have.
void check_unused(const TaskSettings& task, const std::string& path, Findings& findings) {
  const bool is_script = std::holds_alternative<SparkPythonTask>(task.action);
  if (std::holds_alternative<ConditionTask>(task.action) && task.max_retries != 0) {
    report(findings,
           member_path(path, "max_retries"),
           "a condition task is never repeated",
           "Remove max_retries; put it on the task whose value is compared.");
  }
  if (!is_script && !task.environment_key.empty()) {
    report(findings,
           member_path(path, "environment_key"),
           "only a spark_python_task has a Python environment",
           "Remove environment_key, or make the task a spark_python_task.");
  }
}

TaskSettings compile_task(const json::object& task, const std::string& path, Findings& findings) {
  check_kinds(task, path, findings);
  constexpr std::int64_t kMaxRetries = 1'000'000;
  TaskSettings settings{
      .task_key = string_at(task, "task_key").value_or(""),
      .action = compile_action(task, path, findings),
      .depends_on = compile_dependencies(task),
      .run_if = parse_run_if(string_at(task, "run_if").value_or("")),
      .max_retries = static_cast<int>(
          read_integer(task, path, "max_retries", {.least = -1, .most = kMaxRetries}, findings)),
      .min_retry_interval = Milliseconds(read_integer(
          task, path, "min_retry_interval_millis", {.most = kMaxTimeoutSeconds * 1000}, findings)),
      .retry_on_timeout = boolean_at(task, "retry_on_timeout").value_or(false),
      .timeout = std::chrono::seconds(
          read_integer(task, path, "timeout_seconds", {.most = kMaxTimeoutSeconds}, findings)),
      .environment_key = string_at(task, "environment_key").value_or(""),
      .disabled = boolean_at(task, "disabled").value_or(false)};
  if (string_at(task, "task_key") && !is_plain_key(settings.task_key, limits::kMaxTaskKeyBytes)) {
    report(findings,
           member_path(path, "task_key"),
           "\"" + settings.task_key + "\" is not a task key",
           "Use 1 to 100 letters, digits, `_` and `-`.");
  }
  check_unused(settings, path, findings);
  return settings;
}

}  // namespace

bool is_plain_key(std::string_view key, std::size_t max_bytes) {
  return !key.empty() && key.size() <= max_bytes && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::int64_t read_integer(const json::object& object,
                          std::string_view path,
                          std::string_view key,
                          const IntegerRange& range,
                          Findings& findings) {
  const std::optional<std::int64_t> value = integer_at(object, key);
  if (!value) {
    return range.otherwise;
  }
  if (*value >= range.least && *value <= range.most) {
    return *value;
  }
  report(findings,
         member_path(path, key),
         std::to_string(*value) + " is out of range",
         "Write a number from " + std::to_string(range.least) + " to " +
             std::to_string(range.most) + ".");
  return range.otherwise;
}

std::vector<TaskSettings> compile_tasks(const json::object& document, Findings& findings) {
  std::vector<TaskSettings> tasks;
  const json::array* array = array_at(document, "tasks");
  if (array == nullptr) {
    return tasks;
  }
  if (array->empty()) {
    report(findings, "tasks", "a job needs at least one task");
  }
  if (array->size() > limits::kMaxTasksPerJob) {
    report(findings,
           "tasks",
           std::to_string(array->size()) + " tasks are more than the " +
               std::to_string(limits::kMaxTasksPerJob) + " allowed in a job");
    return tasks;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    // A task of another type keeps its index, so that paths stay right.
    const json::object* task = (*array)[i].if_object();
    tasks.push_back(task == nullptr ? TaskSettings{}
                                    : compile_task(*task, indexed_path("tasks", i), findings));
  }
  return tasks;
}

}  // namespace sheaf::model
