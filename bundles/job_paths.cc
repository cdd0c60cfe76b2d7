#include "bundles/job_paths.h"

#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "bundles/job_tasks.h"
#include "common/model/for_each_inputs.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kNotebookLine = "# Databricks notebook source";
constexpr std::string_view kFileOption = "-r ";

constexpr std::size_t kCheckedLines = 1'000;

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

class BundleFile {
 public:
  BundleFile(Value& value, std::string path, const PathContext& context, Findings& findings)
      : value_(value), path_(std::move(path)), context_(context), findings_(findings) {}

  void translate_script() {
    const std::optional<std::string> relative = checked_path();
    if (relative && is_script(*relative)) {
      value_.text = context_.file_path + "/" + *relative;
    }
  }

  /// The workspace names a notebook without its file's extension.
  void translate_notebook() {
    std::optional<std::string> relative = relative_path();
    if (!relative) {
      return;
    }
    for (const char* extension : {".py", ".ipynb"}) {
      std::error_code error;
      if (!fs::is_regular_file(context_.root / *relative, error) &&
          fs::is_regular_file(context_.root / (*relative + extension), error)) {
        *relative += extension;
      }
    }
    if (check(*relative) && is_python_notebook(*relative)) {
      value_.text = context_.file_path + "/" + fs::path(*relative).replace_extension().string();
    }
  }

  /// `prefix` stands before the file's path.
  void translate_list(std::string_view prefix) {
    const std::string written = value_.text;
    value_.text = written.substr(prefix.size());
    const std::optional<std::string> relative = checked_path();
    value_.text = relative ? std::string(prefix) + context_.file_path + "/" + *relative : written;
  }

  void translate_inputs() {
    const std::optional<std::string> relative = checked_path();
    if (relative && holds_inputs(*relative)) {
      value_.text = *relative;
    }
  }

 private:
  std::optional<std::string> checked_path() {
    std::optional<std::string> relative = relative_path();
    return relative && check(*relative) ? relative : std::nullopt;
  }

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
    fs::path folder = context_.bundle_folder;
    if (value_.place.is_known()) {
      folder /= fs::path(context_.files.name(value_.place.file)).parent_path();
    }
    std::string relative = (folder / text).lexically_normal().string();
    if (text.empty() || !is_inside(relative)) {
      report("\"" + text + "\" leads out of the bundle", "Move the file below the bundle's root.");
      return std::nullopt;
    }
    return relative;
  }

  bool check(const std::string& relative) {
    // What travels was looked at when it was listed.
    if (context_.travelling && context_.travelling->contains(relative)) {
      return true;
    }
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
             "Copy the file into the bundle.");
      return false;
    }
    if (context_.travelling) {
      report("\"" + relative + "\" would not travel with the deployment",
             "Take it out of .gitignore and sync.exclude, or put it into sync.include.");
      return false;
    }
    return true;
  }

  bool is_script(const std::string& relative) {
    if (is_notebook(context_.root / relative)) {
      report("\"" + relative + "\" is a notebook, not a script",
             "Remove the notebook header, or export the notebook as a script.");
      return false;
    }
    return true;
  }

  bool is_python_notebook(const std::string& relative) {
    const fs::path file = context_.root / relative;
    const std::string extension = file.extension().string();
    if ((extension != ".py" && extension != ".ipynb") || !is_notebook(file)) {
      report("\"" + relative + "\" is not a notebook of Python",
             "Begin a .py file with the line `" + std::string(kNotebookLine) +
                 "`, or run it as a spark_python_task.");
      return false;
    }
    std::error_code error;
    const fs::path other = fs::path(file).replace_extension(extension == ".py" ? ".ipynb" : ".py");
    if (fs::is_regular_file(other, error) && is_notebook(other)) {
      report("\"" + relative + "\" and \"" + other.filename().string() +
                 "\" have one name in the workspace",
             "Rename one of the two.");
      return false;
    }
    return true;
  }

  // Mistakes are mistakes of whoever writes the file: they show in its first lines, and a million
  // lines are not read twice.
  bool holds_inputs(const std::string& relative) {
    std::ifstream stream(context_.root / relative);
    std::string line;
    for (std::size_t number = 1; number <= kCheckedLines && std::getline(stream, line); ++number) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) {
        continue;
      }
      if (const Result<std::string> input = model::parse_input_line(line); !input) {
        report("line " + std::to_string(number) + " of \"" + relative +
                   "\" is no input: " + input.error().message,
               "Write one JSON value a line; texts stand in quotes.");
        return false;
      }
    }
    return true;
  }

  // Nothing more is to be said about the value afterwards.
  void report(std::string summary, std::string cure) {
    value_.is_unresolved = true;
    findings_.error(
        {.summary = std::move(summary), .detail = std::move(cure)}, path_, places_of(value_));
  }

  Value& value_;
  std::string path_;
  const PathContext& context_;
  Findings& findings_;
};

// The text at `key` of a block; nullptr for what is no plain text. Texts with {{…}} are refused by
// the strict check.
Value* find_file(Value* block, std::string_view key) {
  Value* file = block == nullptr ? nullptr : find(*block, key);
  return file != nullptr && file->kind == Kind::kString && !file->is_unresolved &&
                 file->text.find("{{") == std::string::npos
             ? file
             : nullptr;
}

void translate_environments(Value& job,
                            const std::string& path,
                            const PathContext& context,
                            Findings& findings) {
  Value* environments = find(job, "environments");
  const std::size_t count = environments == nullptr ? 0 : environments->items.size();
  for (std::size_t i = 0; i < count; ++i) {
    Value* spec = find(environments->items[i], "spec");
    Value* lines = spec == nullptr ? nullptr : find(*spec, "dependencies");
    const std::string place =
        member_path(item_path(member_path(path, "environments"), i), "spec.dependencies");
    for (std::size_t j = 0; lines != nullptr && j < lines->items.size(); ++j) {
      Value& line = lines->items[j];
      if (line.kind == Kind::kString && !line.is_unresolved && line.text.starts_with(kFileOption)) {
        BundleFile(line, item_path(place, j), context, findings).translate_list(kFileOption);
      }
    }
  }
}

}  // namespace

void translate_paths(Value& job,
                     const std::string& path,
                     const PathContext& context,
                     Findings& findings) {
  if (find(job, "git_source") != nullptr) {
    return;
  }
  visit_tasks(job, path, [&](Value& task, const std::string& task_path) {
    if (Value* file = find_file(find(task, "spark_python_task"), "python_file")) {
      BundleFile(*file, task_path + ".spark_python_task.python_file", context, findings)
          .translate_script();
    }
    if (Value* file = find_file(find(task, "notebook_task"), "notebook_path")) {
      BundleFile(*file, task_path + ".notebook_task.notebook_path", context, findings)
          .translate_notebook();
    }
    Value* libraries = find(task, "libraries");
    for (std::size_t i = 0; libraries != nullptr && i < libraries->items.size(); ++i) {
      if (Value* file = find_file(&libraries->items[i], "requirements")) {
        const std::string place = item_path(member_path(task_path, "libraries"), i);
        BundleFile(*file, place + ".requirements", context, findings).translate_list("");
      }
    }
    Value* for_each = find(task, "for_each_task");
    Value* sheaf = for_each == nullptr ? nullptr : find(*for_each, "sheaf");
    if (Value* file = find_file(sheaf, "inputs_file")) {
      BundleFile(*file, task_path + ".for_each_task.sheaf.inputs_file", context, findings)
          .translate_inputs();
    }
  });
  translate_environments(job, path, context, findings);
}

}  // namespace sheaf::bundles
