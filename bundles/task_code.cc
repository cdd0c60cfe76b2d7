#include "bundles/task_code.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <boost/json.hpp>

#include "bundles/needs.h"
#include "bundles/python_packages.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object kEmpty;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kEmpty;
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

template <typename Visit>
void visit_items(const json::object& object, std::string_view key, Visit visit) {
  const json::value* value = object.if_contains(key);
  if (value != nullptr && value->is_array()) {
    for (const json::value& item : value->get_array()) {
      visit(item);
    }
  }
}

template <typename Visit>
void visit_objects(const json::object& object, std::string_view key, Visit visit) {
  visit_items(object, key, [&visit](const json::value& item) {
    if (item.is_object()) {
      visit(item.get_object());
    }
  });
}

void collect_texts(const json::value& value, std::vector<std::string>& texts) {
  if (value.is_string()) {
    texts.emplace_back(value.get_string());
  } else if (value.is_array()) {
    for (const json::value& item : value.get_array()) {
      collect_texts(item, texts);
    }
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) {
      collect_texts(member.value(), texts);
    }
  }
}

std::string kind_of(const json::object& task) {
  for (const auto& member : task) {
    if (std::string_view(member.key()).ends_with("_task")) {
      return member.key();
    }
  }
  return {};
}

void add_requirement(TaskCode& code, const std::string& line) {
  if (line.starts_with("-r ")) {
    code.requirements_files.push_back(
        line.substr(std::min(line.find_first_not_of(' ', 2), line.size())));
  } else {
    code.requirements.push_back(line);
  }
}

void read_environment(const json::object& environment, TaskCode& code) {
  visit_items(object_at(environment, "spec"), "dependencies", [&code](const json::value& line) {
    if (line.is_string()) {
      add_requirement(code, std::string(line.get_string()));
    }
  });
}

void read_library(const json::object& library, TaskCode& code) {
  code.requirements.push_back(text_at(object_at(library, "pypi"), "package"));
  code.requirements.push_back(text_at(library, "whl"));
  if (std::string file = text_at(library, "requirements"); !file.empty()) {
    code.requirements_files.push_back(std::move(file));
  }
}

void read_packages(const json::object& job, const json::object& task, TaskCode& code) {
  const std::string key = text_at(task, "environment_key");
  visit_objects(job, "environments", [&](const json::object& environment) {
    if (!key.empty() && text_at(environment, "environment_key") == key) {
      read_environment(environment, code);
    }
  });
  visit_objects(
      task, "libraries", [&code](const json::object& library) { read_library(library, code); });
}

TaskCode read_task(const json::object& job, const json::object& outer) {
  TaskCode code;
  code.key = text_at(outer, "task_key");
  code.kind = kind_of(outer);
  const json::object* task = &outer;
  if (code.kind == "for_each_task") {
    task = &object_at(object_at(outer, "for_each_task"), "task");
    const std::string inner = kind_of(*task);
    code.kind += inner.empty() ? "" : " of " + inner;
  }
  code.path = text_at(object_at(*task, "spark_python_task"), "python_file");
  if (const json::object& notebook = object_at(*task, "notebook_task"); !notebook.empty()) {
    code.path = text_at(notebook, "notebook_path");
    code.is_notebook = true;
  }
  code.package = text_at(object_at(*task, "python_wheel_task"), "package_name");
  read_packages(job, *task, code);
  for (const auto& member : outer) {
    if (std::string_view(member.key()).ends_with("_task")) {
      collect_texts(member.value(), code.texts);
    }
  }
  return code;
}

Reason reason_at(const CodeFinding& found, Need need) {
  return {.verdict = Verdict::kNeeds,
          .subject = std::move(need.subject),
          .summary = std::move(need.summary),
          .cure = std::move(need.cure),
          .place = {.file = found.file, .line = found.what.line, .column = 0},
          .cell = found.what.cell};
}

Reason reason_of_import(const CodeFinding& found) {
  Reason reason = reason_at(
      found,
      {.subject = package_of(found.what.name),
       .summary = "import " + found.what.name.substr(0, found.what.name.find('.')),
       .cure =
           "Add the packages to the dependencies of an environment of the job, and name it with "
           "environment_key."});
  reason.verdict = Verdict::kRunsWithPackages;
  return reason;
}

// What the code asks for and does not have; each package once.
std::vector<Reason> reasons_of_code(const std::vector<CodeFinding>& findings,
                                    const std::set<std::string>& packages) {
  std::vector<Reason> reasons;
  std::set<std::string> missing;
  for (const CodeFinding& finding : findings) {
    if (finding.what.use == PythonUse::kSpark && packages.contains("pyspark")) {
      continue;
    }
    if (std::optional<Need> need = need_of(finding.what)) {
      reasons.push_back(reason_at(finding, std::move(*need)));
    } else if (finding.what.use == PythonUse::kImport &&
               !is_module_of(packages, finding.what.name) &&
               missing.insert(package_of(finding.what.name)).second) {
      reasons.push_back(reason_of_import(finding));
    }
  }
  return reasons;
}

}  // namespace

std::vector<TaskCode> tasks_of(const std::string& settings_json) {
  boost::system::error_code error;
  const json::value document = json::parse(settings_json, error);
  std::vector<TaskCode> tasks;
  if (error || !document.is_object()) {
    return tasks;
  }
  const json::object& job = document.get_object();
  // Every item counts: the loader's findings name them by their index.
  visit_items(job, "tasks", [&](const json::value& item) {
    tasks.push_back(item.is_object() ? read_task(job, item.get_object()) : TaskCode{});
  });
  return tasks;
}

std::vector<Reason> TaskCodeReader::examine(const TaskCode& task, const SourcePlace& place) {
  std::vector<Reason> reasons = reasons_of_texts(task, place);
  const std::vector<std::string> files = files_of(task, place);
  const CodeFindings found = code_.examine(files);
  for (const auto& [file, problem] : found.unreadable) {
    reasons.push_back({.verdict = Verdict::kRefused,
                       .subject = {},
                       .summary = std::string(file).append(": ").append(problem),
                       .cure = {},
                       .place = place});
  }
  for (Reason& reason : reasons_of_code(found.findings, packages_of(task, place, files, found))) {
    // As those of the YAML files: relative to the bundle.
    reason.place.file =
        fs::path("/" + reason.place.file).lexically_relative("/" + bundle_folder_).string();
    reasons.push_back(std::move(reason));
  }
  return reasons;
}

std::vector<Reason> TaskCodeReader::reasons_of_texts(const TaskCode& task,
                                                     const SourcePlace& place) const {
  std::vector<Reason> reasons;
  for (const std::string& text : task.texts) {
    std::optional<Need> need = is_own_place(text) ? std::nullopt : need_of_text(text);
    if (need) {
      reasons.push_back({.verdict = Verdict::kNeeds,
                         .subject = std::move(need->subject),
                         .summary = std::move(need->summary),
                         .cure = std::move(need->cure),
                         .place = place});
    }
  }
  return reasons;
}

// A path of the settings is one in the workspace, or, where the loader left it, relative to the
// file in which the task is written.
std::string TaskCodeReader::below_root(const std::string& path, const SourcePlace& place) const {
  const std::string prefix = workspace_.file_path + "/";
  if (path.starts_with(prefix)) {
    return path.substr(prefix.size());
  }
  return (bundle_folder_ / fs::path(place.file).parent_path() / path).lexically_normal().string();
}

std::vector<std::string> TaskCodeReader::files_of(const TaskCode& task,
                                                  const SourcePlace& place) const {
  if (!task.package.empty()) {
    return code_.files_of_package(task.package);
  }
  if (task.path.empty()) {
    return {};
  }
  const auto file = code_.find_file(below_root(task.path, place));
  return file ? std::vector{*file} : std::vector<std::string>{};
}

std::set<std::string> TaskCodeReader::packages_of(const TaskCode& task,
                                                  const SourcePlace& place,
                                                  const std::vector<std::string>& files,
                                                  const CodeFindings& found) const {
  std::set<std::string> packages;
  for (const std::string& line : task.requirements) {
    packages.insert(requirement_name(line));
  }
  for (const std::string& file : task.requirements_files) {
    packages.merge(code_.requirements_of(below_root(file, place)));
  }
  if (!task.package.empty() && !files.empty()) {
    packages.merge(code_.project_dependencies_of(files.front()));
  }
  if (task.is_notebook) {
    packages.insert({"ipykernel", "nbclient", "nbconvert"});
  }
  for (const CodeFinding& finding : found.findings) {
    if (finding.what.use == PythonUse::kRequirement) {
      packages.insert(finding.what.name);
    } else if (finding.what.use == PythonUse::kRequirementsFile) {
      const fs::path file = fs::path(finding.file).parent_path() / finding.what.name;
      packages.merge(code_.requirements_of(file.lexically_normal().string()));
    }
  }
  return packages;
}

bool TaskCodeReader::is_own_place(const std::string& text) const {
  return (!workspace_.file_path.empty() && text.starts_with(workspace_.file_path)) ||
         (!workspace_.artifact_path.empty() && text.starts_with(workspace_.artifact_path));
}

}  // namespace sheaf::bundles
