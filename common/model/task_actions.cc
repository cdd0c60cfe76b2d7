#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/model/field_table.h"
#include "common/model/json_reading.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

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

std::string_view pattern_of(const TaskPlace& place) {
  return place.kind == TaskPlace::Kind::kOfJob ? "tasks[]" : kIterationPattern;
}

// Names of all task kinds that the task gives, supported or not.
std::vector<std::string> kinds_of(const json::object& task, std::string_view pattern) {
  std::vector<std::string> kinds;
  for (const Field* field : fields_below(pattern)) {
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

// "command_task, condition_task, …": the kinds that a task at this place may have.
std::string listed_kinds(std::string_view pattern) {
  std::string listed;
  for (const Field* field : fields_below(pattern)) {
    if (name_of(*field).ends_with("_task") && field->treatment == Treatment::kExecuted) {
      listed += (listed.empty() ? "" : ", ") + std::string(name_of(*field));
    }
  }
  return listed;
}

void check_kinds(const json::object& task, const TaskPlace& place, Findings& findings) {
  const std::string& path = place.path;
  const std::vector<std::string> kinds = kinds_of(task, pattern_of(place));
  if (kinds.empty()) {
    report(findings,
           path,
           "the task has nothing to do",
           "Give it one of: " + listed_kinds(pattern_of(place)) + ".");
  } else if (kinds.size() > 1) {
    report(findings,
           member_path(path, kinds[1]),
           "the task is both a " + kinds[0] + " and a " + kinds[1],
           "Make two tasks of it.");
    findings.back().related.push_back(member_path(path, kinds[0]));
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
  if (string_at(block, "python_file")) {
    check_deployed_path(task.python_file, file_path, "script", findings);
  }
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

}  // namespace

void check_no_nul(const std::string& text, const std::string& path, Findings& findings) {
  if (text.find('\0') != std::string::npos) {
    report(findings, path, "a program cannot be given a NUL character");
  }
}

TaskAction compile_action(const json::object& task, const TaskPlace& place, Findings& findings) {
  const std::string& path = place.path;
  check_kinds(task, place, findings);
  if (const json::object* block = object_at(task, "spark_python_task")) {
    return compile_script(*block, member_path(path, "spark_python_task"), findings);
  }
  if (const json::object* block = object_at(task, "python_wheel_task")) {
    return compile_wheel(*block, member_path(path, "python_wheel_task"), findings);
  }
  if (const json::object* block = object_at(task, "notebook_task")) {
    return compile_notebook(*block, member_path(path, "notebook_task"), findings);
  }
  if (const json::object* block = object_at(task, "condition_task")) {
    return compile_condition(*block);
  }
  if (const json::object* block = object_at(task, "command_task")) {
    return compile_command(*block, member_path(path, "command_task"), findings);
  }
  if (const json::object* block = object_at(task, "run_job_task")) {
    return compile_run_job(*block, member_path(path, "run_job_task"), findings);
  }
  const json::object* block = object_at(task, "for_each_task");
  if (block != nullptr && place.kind == TaskPlace::Kind::kOfJob) {
    return compile_for_each(*block, member_path(path, "for_each_task"), findings);
  }
  return CommandTask{};
}

}  // namespace sheaf::model
