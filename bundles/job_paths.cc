#include "bundles/job_paths.h"

#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNotebookLine = "# Databricks notebook source";

bool is_notebook(const fs::path& file) {
  if (file.extension() == ".ipynb") {
    return true;
  }
  std::ifstream stream(file);
  std::string first(kNotebookLine.size() + 1, '\0');
  stream.read(first.data(), static_cast<std::streamsize>(first.size()));
  first.resize(static_cast<std::size_t>(stream.gcount()));
  return first.starts_with(kNotebookLine) &&
         (first.size() == kNotebookLine.size() || first.back() == '\n' || first.back() == '\r');
}

bool is_inside(const std::string& relative) {
  return relative != ".." && !relative.starts_with("../");
}

class ScriptPath {
 public:
  ScriptPath(Value& value, std::string path, const PathContext& context, Findings& findings)
      : value_(value), path_(std::move(path)), context_(context), findings_(findings) {}

  void translate() {
    const std::optional<std::string> relative = relative_path();
    if (!relative || !check(*relative)) {
      value_.is_unresolved = true;  // Nothing more is to be said about it.
      return;
    }
    value_.text = context_.file_path + "/" + *relative;
  }

 private:
  std::optional<std::string> relative_path() {
    const std::string& text = value_.text;
    const std::string prefix = context_.file_path + "/";
    if (text.starts_with(prefix)) {
      return fs::path(text.substr(prefix.size())).lexically_normal().string();
    }
    if (text.starts_with('/') || text.find(":/") != std::string::npos) {
      report(
          "\"" + text + "\" is not a file of the bundle",
          "Only the bundle's files travel with a deployment: write a path relative to this file.");
      return std::nullopt;
    }
    fs::path folder;
    if (value_.place.is_known()) {
      folder = fs::path(context_.files.name(value_.place.file)).parent_path();
    }
    std::string relative = (folder / text).lexically_normal().string();
    if (text.empty() || !is_inside(relative)) {
      report("\"" + text + "\" leads out of the bundle",
             "Move the script below the bundle's root.");
      return std::nullopt;
    }
    return relative;
  }

  bool check(const std::string& relative) {
    std::error_code error;
    const fs::path file = context_.root / relative;
    if (!fs::is_regular_file(file, error)) {
      report("there is no file \"" + relative + "\"",
             "The path \"" + value_.text + "\" starts at the file it is written in.");
      return false;
    }
    const fs::path real = fs::canonical(file, error);
    if (error ||
        !is_inside(real.lexically_relative(fs::canonical(context_.root, error)).string())) {
      report("\"" + relative + "\" is a link that leads out of the bundle",
             "Copy the script into the bundle.");
      return false;
    }
    if (is_notebook(file)) {
      report("\"" + relative + "\" is a notebook, not a script",
             "Remove the notebook header, or export the notebook as a script.");
      return false;
    }
    if (context_.travelling && !context_.travelling->contains(relative)) {
      report("\"" + relative + "\" is ignored by git and would not travel with the deployment",
             "Take it out of .gitignore.");
      return false;
    }
    return true;
  }

  void report(std::string summary, std::string cure) {
    findings_.error(
        {.summary = std::move(summary), .detail = std::move(cure)}, path_, places_of(value_));
  }

  Value& value_;
  std::string path_;
  const PathContext& context_;
  Findings& findings_;
};

}  // namespace

void translate_paths(Value& job,
                     const std::string& path,
                     const PathContext& context,
                     Findings& findings) {
  Value* tasks = find(job, "tasks");
  if (tasks == nullptr || find(job, "git_source") != nullptr) {
    return;
  }
  for (std::size_t i = 0; i < tasks->items.size(); ++i) {
    Value* script = find(tasks->items[i], "spark_python_task");
    Value* file = script == nullptr ? nullptr : find(*script, "python_file");
    // Texts with {{…}} are refused by the strict check.
    if (file == nullptr || file->kind != Kind::kString || file->is_unresolved ||
        file->text.find("{{") != std::string::npos) {
      continue;
    }
    ScriptPath(*file,
               item_path(member_path(path, "tasks"), i) + ".spark_python_task.python_file",
               context,
               findings)
        .translate();
  }
}

}  // namespace sheaf::bundles
