#include <algorithm>

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

// A setting, and whether the task gives it a value that would have an effect.
struct Given {
  const char* field;
  bool is_given;
};

std::vector<Given> given_settings(const TaskSettings& task) {
  return {{"max_retries", task.max_retries != 0},
          {"min_retry_interval_millis", task.min_retry_interval.count() != 0},
          {"retry_on_timeout", task.retry_on_timeout},
          {"timeout_seconds", task.timeout.count() != 0}};
}

std::vector<Given> given_needs(const TaskSettings& task) {
  const ResourceRequest& needs = task.resources;
  return {{"sheaf.resources", needs.cpu_millis != 0 || needs.memory_bytes != 0 || needs.gpus != 0},
          {"sheaf.labels", !needs.labels.empty()},
          {"sheaf.pool", !task.pool.empty()},
          {"sheaf.max_lost", task.max_lost != limits::kMaxLostAttempts}};
}

Given given_retry(const TaskSettings& task) {
  return {"sheaf.retry", task.backoff != BackoffSettings{} || !task.retry_only_on.is_empty()};
}

void refuse(const std::vector<Given>& settings,
            const std::string& path,
            const std::string& message,
            const std::string& cure,
            Findings& findings) {
  for (const Given& setting : settings) {
    if (setting.is_given) {
      report(findings, member_path(path, setting.field), message, cure);
    }
  }
}

// What stands at a for-each task holds for the list as a whole; only its inner task has attempts.
void check_for_each(const TaskSettings& task, const std::string& path, Findings& findings) {
  std::vector<Given> settings = given_settings(task);
  const std::vector<Given> needs = given_needs(task);
  settings.insert(settings.end(), needs.begin(), needs.end());
  settings.push_back(given_retry(task));
  settings.push_back({"environment_key", !task.environment_key.empty()});
  settings.push_back({"libraries", !task.libraries.empty()});
  for (const Given& setting : settings) {
    refuse({setting},
           path,
           "belongs to what is repeated, not to the for-each task",
           "Move it to for_each_task.task." + std::string(setting.field) + ".",
           findings);
  }
}

// Settings that a task of this kind could not heed.
void check_unused(const TaskSettings& task, const std::string& path, Findings& findings) {
  if (std::holds_alternative<ForEachTask>(task.action)) {
    check_for_each(task, path, findings);
    return;
  }
  const bool is_condition = std::holds_alternative<ConditionTask>(task.action);
  if (is_condition) {
    refuse({{"max_retries", task.max_retries != 0}, given_retry(task)},
           path,
           "a condition task is never repeated",
           "Remove it; put it on the task whose value is compared.",
           findings);
  }
  if (is_condition || std::holds_alternative<RunJobTask>(task.action)) {
    refuse(given_needs(task),
           path,
           "the task takes no place on a worker",
           is_condition ? "Remove it." : "Remove it; put it on the tasks of the other job.",
           findings);
  }
  if (std::holds_alternative<RunJobTask>(task.action) && !task.retry_only_on.is_empty()) {
    report(findings,
           member_path(path, "sheaf.retry.only_on"),
           "a run of another job ends with a result, not with an exit status",
           "Remove it; put it on the tasks of the other job.");
  }
  if (!is_python(task.action)) {
    refuse({{"environment_key", !task.environment_key.empty()},
            {"libraries", !task.libraries.empty()}},
           path,
           "only a Python task has a Python environment",
           "Remove it, or make the task a spark_python_task, python_wheel_task or notebook_task.",
           findings);
  }
}

}  // namespace

TaskSettings compile_task(const json::object& task, const TaskPlace& place, Findings& findings) {
  const std::string& path = place.path;
  constexpr std::int64_t kMaxRetries = 1'000'000;
  TaskSettings settings{
      .task_key = string_at(task, "task_key").value_or(""),
      .action = compile_action(task, place, findings),
      .depends_on = {},
      .run_if = parse_run_if(string_at(task, "run_if").value_or("")),
      .max_retries = static_cast<int>(
          read_integer(task, path, "max_retries", {.least = -1, .most = kMaxRetries}, findings)),
      .min_retry_interval = Milliseconds(read_integer(
          task, path, "min_retry_interval_millis", {.most = kMaxTimeoutSeconds * 1000}, findings)),
      .retry_on_timeout = boolean_at(task, "retry_on_timeout").value_or(false),
      .timeout = std::chrono::seconds(
          read_integer(task, path, "timeout_seconds", {.most = kMaxTimeoutSeconds}, findings)),
      .environment_key = string_at(task, "environment_key").value_or(""),
      .disabled = place.kind == TaskPlace::Kind::kOfJob && boolean_at(task, "disabled") == true};
  settings.libraries = compile_libraries(task, path, findings);
  if (place.kind == TaskPlace::Kind::kOfJob) {
    settings.depends_on = compile_dependencies(task);
  }
  if (const json::object* block = object_at(task, "sheaf")) {
    compile_task_block(*block, member_path(path, "sheaf"), settings, findings);
  }
  if (string_at(task, "task_key") && !is_plain_key(settings.task_key, limits::kMaxTaskKeyBytes)) {
    report(findings,
           member_path(path, "task_key"),
           "\"" + settings.task_key + "\" is not a task key",
           "Use 1 to 100 letters, digits, `_` and `-`.");
  }
  check_unused(settings, path, findings);
  return settings;
}

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
    tasks.push_back(task == nullptr
                        ? TaskSettings{}
                        : compile_task(*task, {.path = indexed_path("tasks", i)}, findings));
  }
  return tasks;
}

}  // namespace sheaf::model
