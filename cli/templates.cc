#include "cli/templates.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sheaf::cli {

namespace {

constexpr std::string_view kNameMark = "@NAME@";
constexpr std::string_view kRootFile = "databricks.yml";

constexpr auto kTemplates = std::to_array<Template>({
    {.name = "minimal", .description = "a command and a Python script", .job = "hello"},
    {.name = "python-wheel",
     .description = "a Python package, built into a wheel and run by a job",
     .job = "letters"},
    {.name = "ml-retraining",
     .description = "trains a model, compares it, and deploys it if it is better",
     .job = "retrain"},
    {.name = "notebook", .description = "notebooks with widgets and task values", .job = "report"},
});

std::string named(std::string_view text, const std::string& bundle_name) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = std::min(text.find(kNameMark, at), text.size());
    result += text.substr(at, mark - at);
    result += mark < text.size() ? bundle_name : "";
    at = mark + kNameMark.size();
  }
  return result;
}

}  // namespace

std::span<const Template> templates() {
  return kTemplates;
}

const Template* find_template(std::string_view name) {
  const auto* found = std::ranges::find(kTemplates, name, &Template::name);
  return found == kTemplates.end() ? nullptr : found;
}

std::vector<TemplateFile> files_of(const Template& chosen, const std::string& bundle_name) {
  const std::string folder = std::string(chosen.name) + "/";
  std::vector<TemplateFile> files;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.path.starts_with(folder)) {
      files.push_back({.path = std::string(file.path.substr(folder.size())),
                       .text = named(file.text, bundle_name)});
    }
  }
  const auto root = std::ranges::find(files, kRootFile, &TemplateFile::path);
  if (root != files.end()) {
    std::rotate(files.begin(), root, root + 1);
  }
  return files;
}

}  // namespace sheaf::cli
