// A bundle in a temporary folder of its own, which is removed again.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <unistd.h>

#include "bundles/diagnostic_text.h"
#include "bundles/loader.h"

namespace sheaf::bundles {

class BundleFolder {
 public:
  BundleFolder() {
    std::string pattern = std::filesystem::temp_directory_path() / "sheaf-bundle-XXXXXX";
    folder_ = std::filesystem::canonical(::mkdtemp(pattern.data()));
  }
  BundleFolder(const BundleFolder&) = delete;
  BundleFolder& operator=(const BundleFolder&) = delete;
  ~BundleFolder() {
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return folder_; }

  BundleFolder& with(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return *this;
  }

  /// A root file with a name and what else is given.
  BundleFolder& with_root(const std::string& more) {
    return with("databricks.yml", "bundle:\n  name: test\n" + more);
  }

  [[nodiscard]] LoadOptions options() const {
    return {.start_folder = folder_,
            .target = {},
            .variables = {},
            .environment = {},
            .user_name = "ann.b@example.org",
            .is_strict = false,
            .is_portable = false,
            .now = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  }

  [[nodiscard]] LoadedBundle load() const { return load_bundle(options()); }

 private:
  std::filesystem::path folder_;
};

/// All diagnostics as one text.
inline std::string all_of(const LoadedBundle& bundle) {
  std::string text;
  for (const Diagnostic& diagnostic : bundle.diagnostics) {
    text += to_text(diagnostic);
  }
  return text;
}

inline bool has_finding(const LoadedBundle& bundle, const std::string& summary) {
  return std::ranges::any_of(bundle.diagnostics, [&](const Diagnostic& diagnostic) {
    return diagnostic.summary.find(summary) != std::string::npos;
  });
}

/// `resources.jobs.wine` with one task; `more` are further lines of the job, indented by six.
inline std::string a_job(const std::string& more = "") {
  return "resources:\n  jobs:\n    wine:\n" + more +
         "      tasks:\n        - task_key: train\n          command_task: {command: [\"true\"]}\n";
}

}  // namespace sheaf::bundles
