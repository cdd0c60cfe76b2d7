// The kinds of task that make other tasks run: for-each and run-job.
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/base/limits.h"
#include "common/model/for_each_inputs.h"
#include "common/model/json_reading.h"
#include "common/model/references.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

// A relative path that stays where it starts.
bool is_path_below(const std::string& path) {
  return !path.empty() && !path.starts_with('/') && path.find('\0') == std::string::npos &&
         ("/" + path + "/").find("/../") == std::string::npos;
}

ForEachMode parse_mode(std::string_view text) {
  return text == "stream" ? ForEachMode::kStream : ForEachMode::kProcess;
}

// Inputs that hold references are known only when the task runs.
void check_inputs_text(const std::string& inputs, const std::string& path, Findings& findings) {
  const Result<std::vector<Reference>> references = parse_references(inputs);
  if (!references || !references->empty()) {
    return;
  }
  if (const auto elements = parse_inputs(inputs); !elements) {
    report(findings,
           path,
           elements.error().message,
           "Write a JSON array, \"[1, 2]\", or a reference to one.");
  }
}

void check_inputs(const json::object& block,
                  const ForEachTask& task,
                  const std::string& path,
                  Findings& findings) {
  const json::object* sheaf = object_at(block, "sheaf");
  const bool has_text = member_at(block, "inputs") != nullptr;
  const bool has_file = sheaf != nullptr && member_at(*sheaf, "inputs_file") != nullptr;
  const std::string file_path = member_path(path, "sheaf.inputs_file");
  if (has_text && has_file) {
    report(findings, file_path, "the inputs are given twice", "Keep `inputs` or `inputs_file`.");
    findings.back().related.push_back(member_path(path, "inputs"));
  }
  if (!has_text && !has_file) {
    report(findings,
           member_path(path, "inputs"),
           "required, but not there",
           "Write inputs: \"[1, 2]\", or sheaf: {inputs_file: inputs.jsonl}.");
  }
  if (string_at(block, "inputs")) {
    check_inputs_text(task.inputs, member_path(path, "inputs"), findings);
  }
  if (task.inputs_file.find("{{") != std::string::npos) {
    findings.push_back({.code = ErrorCode::kUnsupported,
                        .path = file_path,
                        .message = "may hold no {{…}} reference",
                        .cure = "Write the file's path; inputs that vary come by `inputs`.",
                        .related = {}});
  } else if (has_file && string_at(*sheaf, "inputs_file") && !is_path_below(task.inputs_file)) {
    report(findings,
           file_path,
           "\"" + task.inputs_file + "\" is not a file of the deployment",
           "Write its path below the deployment's files, without a leading slash.");
  }
}

void check_stream(const ForEachTask& task, const std::string& path, Findings& findings) {
  if (task.mode != ForEachMode::kStream || task.task.empty()) {
    return;
  }
  const TaskAction& action = task.task.front().action;
  if (!std::holds_alternative<CommandTask>(action) &&
      !std::holds_alternative<SparkPythonTask>(action) &&
      !std::holds_alternative<PythonWheelTask>(action)) {
    report(findings,
           member_path(path, "sheaf.mode"),
           "only a program can read its inputs line by line",
           "Remove the mode, or let the inner task be a command_task, a "
           "spark_python_task or a python_wheel_task.");
  }
}

int compile_chunk(const json::object& sheaf,
                  ForEachMode mode,
                  const std::string& path,
                  Findings& findings) {
  if (mode != ForEachMode::kStream && member_at(sheaf, "chunk") != nullptr) {
    report(findings,
           member_path(path, "chunk"),
           "only a stream reads its inputs in chunks",
           "Add mode: stream, or remove it.");
  }
  return static_cast<int>(read_integer(
      sheaf,
      path,
      "chunk",
      {.least = 1, .most = limits::kMaxStreamChunk, .otherwise = limits::kDefaultStreamChunk},
      findings));
}

// The key of ${resources.jobs.<key>.id}; empty for any other text.
std::string find_resource_key(std::string_view job_id) {
  constexpr std::string_view kBegin = "${resources.jobs.";
  constexpr std::string_view kEnd = ".id}";
  if (!job_id.starts_with(kBegin) || !job_id.ends_with(kEnd) ||
      job_id.size() <= kBegin.size() + kEnd.size()) {
    return {};
  }
  const std::string_view key =
      job_id.substr(kBegin.size(), job_id.size() - kBegin.size() - kEnd.size());
  return is_plain_key(key, limits::kMaxTaskKeyBytes) ? std::string(key) : std::string();
}

void compile_job_id(const json::object& block,
                    const std::string& path,
                    RunJobTask& task,
                    Findings& findings) {
  if (const std::optional<std::int64_t> id = integer_at(block, "job_id")) {
    task.job =
        JobId(read_integer(block, path, "job_id", {.least = 1, .most = kMaxPublicId}, findings));
    return;
  }
  const std::optional<std::string> text = string_at(block, "job_id");
  if (!text) {
    return;
  }
  task.resource_key = find_resource_key(*text);
  if (task.resource_key.empty()) {
    report(findings,
           member_path(path, "job_id"),
           "\"" + *text + "\" is not a job",
           "Write the job's id, or ${resources.jobs.<key>.id} for one of the same bundle.");
  }
}

}  // namespace

ForEachTask compile_for_each(const json::object& block,
                             const std::string& path,
                             Findings& findings) {
  ForEachTask task{.inputs = string_at(block, "inputs").value_or(""),
                   .inputs_file = {},
                   .concurrency = limits::kDefaultForEachConcurrency,
                   .mode = ForEachMode::kProcess,
                   .chunk = limits::kDefaultStreamChunk,
                   .task = {}};
  if (const json::object* sheaf = object_at(block, "sheaf")) {
    task.inputs_file = string_at(*sheaf, "inputs_file").value_or("");
    task.mode = parse_mode(string_at(*sheaf, "mode").value_or(""));
    task.chunk = compile_chunk(*sheaf, task.mode, member_path(path, "sheaf"), findings);
  }
  task.concurrency = static_cast<int>(
      read_integer(block,
                   path,
                   "concurrency",
                   {.least = 1,
                    .most = task.mode == ForEachMode::kStream ? limits::kMaxStreamConcurrency
                                                              : limits::kMaxForEachConcurrency,
                    .otherwise = limits::kDefaultForEachConcurrency},
                   findings));
  check_inputs(block, task, path, findings);
  if (const json::object* inner = object_at(block, "task")) {
    task.task.push_back(
        compile_task(*inner,
                     {.path = member_path(path, "task"), .kind = TaskPlace::Kind::kIteration},
                     findings));
  }
  check_stream(task, path, findings);
  return task;
}

RunJobTask compile_run_job(const json::object& block, const std::string& path, Findings& findings) {
  RunJobTask task{
      .job = {}, .resource_key = {}, .job_parameters = string_map_at(block, "job_parameters")};
  compile_job_id(block, path, task, findings);
  for (const auto& [name, value] : task.job_parameters) {
    const std::string place = member_path(member_path(path, "job_parameters"), name);
    if (!is_parameter_name(name)) {
      report(findings,
             place,
             "\"" + name + "\" is not a parameter name",
             "Use 1 to 256 letters, digits, `_`, `-` and `.`.");
    }
    if (value.size() > limits::kMaxParameterBytes) {
      report(
          findings, place, "longer than " + std::to_string(limits::kMaxParameterBytes) + " bytes");
    }
    check_no_nul(value, place, findings);
  }
  return task;
}

}  // namespace sheaf::model
