// The kinds of task that run in a Python environment beside scripts, and what is installed there.
#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "common/base/limits.h"
#include "common/model/json_reading.h"
#include "common/model/settings_passes.h"

namespace sheaf::model {
namespace {

namespace json = boost::json;

// What executes a notebook and shows what came of it.
// nbconvert before 7.16.5 does not go with mistune 3.1 (jupyter/nbconvert#2198).
constexpr std::array<std::string_view, 3> kNotebookPackages{
    "ipykernel>=6.29,<8", "nbclient>=0.10,<1", "nbconvert>=7.16.5,<8"};

// An argument of a process may have 128 KiB on Linux; together they may have a few MiB.
constexpr std::size_t kMaxBaseParametersBytes = 1u << 20;
constexpr std::size_t kMaxArgumentBytes = 100'000;

void check_argument(const std::string& text, const std::string& path, Findings& findings) {
  check_no_nul(text, path, findings);
  if (text.size() > kMaxArgumentBytes) {
    report(findings, path, "longer than " + std::to_string(kMaxArgumentBytes) + " bytes");
  }
}

void check_named(const NamedStrings& values, const std::string& path, Findings& findings) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : values) {
    bytes += name.size() + value.size();
    check_no_nul(name, member_path(path, name), findings);
    check_argument(value, member_path(path, name), findings);
  }
  if (bytes > kMaxBaseParametersBytes) {
    report(findings,
           path,
           std::to_string(bytes) + " bytes are more than the " +
               std::to_string(kMaxBaseParametersBytes) + " allowed",
           "Put large values into a file of the bundle.");
  }
}

void check_name(const json::object& block,
                std::string_view key,
                const std::string& path,
                Findings& findings) {
  const std::optional<std::string> name = string_at(block, key);
  if (!name) {
    return;
  }
  const std::string place = member_path(path, key);
  check_no_nul(*name, place, findings);
  if (name->empty() || name->starts_with('-')) {
    report(findings, place, "\"" + *name + "\" is not a name of Python");
  }
}

void report_reference(const std::string& path, const std::string& cure, Findings& findings) {
  findings.push_back({.code = ErrorCode::kUnsupported,
                      .path = path,
                      .message = "may hold no {{…}} reference",
                      .cure = cure,
                      .related = {}});
}

// What cannot be a line of a requirements file, or cannot be installed from where it lies.
void check_library(const std::string& text, const std::string& path, Findings& findings) {
  if (text.empty() || text.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
    report(findings, path, "a library is one line of text");
  } else if (text.find("{{") != std::string::npos) {
    report_reference(path, "Write the library's name or path.", findings);
  }
}

void check_file(const std::string& text, const std::string& path, Findings& findings) {
  check_library(text, path, findings);
  const bool is_address = text.starts_with("https://") || text.starts_with("http://");
  if (!is_address && !text.starts_with('/')) {
    report(findings,
           path,
           "\"" + text + "\" is not an absolute path of the deployment's files",
           "Write the file's path below the deployment's file path, or an https:// address.");
  }
}

// The requirement line of one library; empty when it has none.
std::string compile_library(const json::object& block,
                            const std::string& path,
                            Findings& findings) {
  std::vector<std::string> lines;
  if (const std::optional<std::string> wheel = string_at(block, "whl")) {
    check_file(*wheel, member_path(path, "whl"), findings);
    lines.push_back(*wheel);
  }
  if (const std::optional<std::string> file = string_at(block, "requirements")) {
    check_file(*file, member_path(path, "requirements"), findings);
    lines.push_back("-r " + *file);
  }
  const json::object* index = object_at(block, "pypi");
  if (const auto package = index == nullptr ? std::nullopt : string_at(*index, "package")) {
    check_library(*package, member_path(path, "pypi.package"), findings);
    if (package->starts_with('-')) {
      report(findings, member_path(path, "pypi.package"), "\"" + *package + "\" is no package");
    }
    lines.push_back(*package);
  }
  if (lines.size() > 1) {
    report(findings, path, "one library of several kinds", "Make a list element of each.");
  }
  return lines.empty() ? std::string() : lines.front();
}

}  // namespace

bool is_python(const TaskAction& action) {
  return std::holds_alternative<SparkPythonTask>(action) ||
         std::holds_alternative<PythonWheelTask>(action) ||
         std::holds_alternative<NotebookTask>(action);
}

EnvironmentSettings environment_of(const JobSettings& job, const TaskSettings& task) {
  EnvironmentSettings environment;
  const auto named = std::ranges::find(
      job.environments, task.environment_key, &EnvironmentSettings::environment_key);
  if (named != job.environments.end()) {
    environment = *named;
  }
  std::vector<std::string>& lines = environment.dependencies;
  lines.insert(lines.end(), task.libraries.begin(), task.libraries.end());
  if (std::holds_alternative<NotebookTask>(task.action)) {
    lines.insert(lines.end(), kNotebookPackages.begin(), kNotebookPackages.end());
  }
  return environment;
}

void check_deployed_path(const std::string& file,
                         const std::string& path,
                         std::string_view what,
                         Findings& findings) {
  check_no_nul(file, path, findings);
  if (file.find("{{") != std::string::npos) {
    report_reference(path, "Write the file's path; pass what varies as a parameter.", findings);
  } else if (!file.starts_with('/') || (file + "/").find("/../") != std::string::npos) {
    report(findings,
           path,
           "\"" + file + "\" is not an absolute path of the deployment's files",
           "Write the " + std::string(what) + "'s path below the deployment's file path.");
  }
}

PythonWheelTask compile_wheel(const json::object& block,
                              const std::string& path,
                              Findings& findings) {
  PythonWheelTask task{.package_name = string_at(block, "package_name").value_or(""),
                       .entry_point = string_at(block, "entry_point").value_or(""),
                       .parameters = strings_at(block, "parameters"),
                       .named_parameters = std::nullopt};
  check_name(block, "package_name", path, findings);
  check_name(block, "entry_point", path, findings);
  const std::string parameters_path = member_path(path, "parameters");
  for (std::size_t i = 0; i < task.parameters.size(); ++i) {
    check_argument(task.parameters[i], indexed_path(parameters_path, i), findings);
  }
  if (object_at(block, "named_parameters") == nullptr) {
    return task;
  }
  NamedStrings named = string_map_at(block, "named_parameters");
  const std::string named_path = member_path(path, "named_parameters");
  check_named(named, named_path, findings);
  if (!task.parameters.empty() && !named.empty()) {
    report(findings, named_path, "the parameters are given twice", "Keep one of the two lists.");
    findings.back().related.push_back(parameters_path);
  }
  if (task.parameters.empty()) {
    task.named_parameters = std::move(named);
  }
  return task;
}

NotebookTask compile_notebook(const json::object& block,
                              const std::string& path,
                              Findings& findings) {
  NotebookTask task{.notebook_path = string_at(block, "notebook_path").value_or(""),
                    .base_parameters = string_map_at(block, "base_parameters")};
  if (string_at(block, "notebook_path")) {
    check_deployed_path(
        task.notebook_path, member_path(path, "notebook_path"), "notebook", findings);
  }
  check_named(task.base_parameters, member_path(path, "base_parameters"), findings);
  return task;
}

std::vector<std::string> compile_libraries(const json::object& task,
                                           const std::string& path,
                                           Findings& findings) {
  std::vector<std::string> lines;
  for (const IndexedObject& block : objects_at(task, "libraries")) {
    const std::string place = indexed_path(member_path(path, "libraries"), block.index);
    std::string line = compile_library(*block.object, place, findings);
    if (!line.empty()) {
      lines.push_back(std::move(line));
    }
  }
  return lines;
}

}  // namespace sheaf::model
