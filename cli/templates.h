// The bundles that `sheaf init` can write: the files below cli/templates, embedded at build time
// (cmake/EmbedTemplates.cmake). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf::cli {

/// "minimal/src/count.py" and what it holds.
struct EmbeddedFile {
  std::string_view path;
  std::string_view text;
};

/// All of them, sorted by path.
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

struct Template {
  std::string_view name;
  std::string_view description;
  /// The job to run first.
  std::string_view job;
};

/// In the order of showing; the first is the one that counts where none is named.
[[nodiscard]] std::span<const Template> templates();

[[nodiscard]] const Template* find_template(std::string_view name);

struct TemplateFile {
  /// Relative to the folder of the new bundle.
  std::string path;
  std::string text;
};

/// The files of a bundle called `bundle_name`: databricks.yml first, then by path.
[[nodiscard]] std::vector<TemplateFile> files_of(const Template& chosen,
                                                 const std::string& bundle_name);

}  // namespace sheaf::cli
