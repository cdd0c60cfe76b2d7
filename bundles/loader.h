// From a folder with databricks.yml to job settings: finding, reading, merging, interpolating,
// checking. docs/bundles.md tells users what is understood.
//
// Reads files below the bundle's root, zone files, and runs git to list files; speaks to no
// network. Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundles/artifacts.h"
#include "bundles/diagnostics.h"
#include "bundles/libraries.h"
#include "bundles/scripts.h"
#include "bundles/sync.h"
#include "common/model/job_settings.h"

namespace sheaf::bundles {

struct LoadOptions {
  /// The bundle is looked for here and in the parents, unless DATABRICKS_BUNDLE_ROOT is set.
  std::filesystem::path start_folder;
  /// `-t`; empty: DATABRICKS_BUNDLE_TARGET, DATABRICKS_BUNDLE_ENV, the only target, the default
  /// one.
  std::string target;
  /// `--var name=value`, in order; the last of equal names counts.
  model::NamedStrings variables;
  /// Read for DATABRICKS_BUNDLE_* and BUNDLE_VAR_*.
  std::map<std::string, std::string> environment;
  /// Whose workspace folder and development prefix are used.
  std::string user_name;
  /// Warnings are errors.
  bool is_strict = false;
  /// What only Sheaf understands is an error.
  bool is_portable = false;
  /// Resources that Sheaf cannot deploy are skipped with a warning; otherwise they are errors.
  bool allows_unsupported = false;
  /// Below `variables`, those that deployed_variables_file() holds.
  bool recalls_variables = false;
  /// Schedules must fire after this.
  std::chrono::sys_seconds now;
  /// What came of building the bundle's artifacts; nothing: they are not built yet, and wheels that
  /// they will leave may be missing.
  std::optional<BuiltWheels> built_wheels = std::nullopt;
};

/// Options as the calling process has them: working folder, environment, the user's login name, the
/// clock.
[[nodiscard]] LoadOptions options_of_process();

enum class Mode { kNone, kDevelopment, kProduction };

/// "", "development" or "production".
[[nodiscard]] std::string_view to_string(Mode mode);

/// Absolute paths in the workspace, e.g. "/Workspace/Users/ann/.bundle/wine/dev/files".
struct WorkspacePaths {
  std::string root_path;
  std::string file_path;
  std::string artifact_path;
  std::string state_path;
  std::string resource_path;
};

/// One entry of `resources.jobs`.
struct JobResource {
  std::string key;
  /// The settings document: compact JSON, map keys sorted. Equal settings give equal text.
  std::string settings_json;
  /// Complete unless the bundle has errors.
  model::JobSettings settings;
  /// Where the job is defined and overridden.
  std::vector<SourcePlace> places;
  /// Where each of its tasks is defined and overridden, in the order of the settings.
  std::vector<std::vector<SourcePlace>> task_places;
};

struct LoadedBundle {
  /// Folder of the root file, absolute; empty when none was found.
  std::filesystem::path root;
  std::string name;
  std::string target;
  /// Of all targets, in the order of writing; empty when it has none.
  std::vector<std::string> target_names;
  Mode mode = Mode::kNone;
  std::string user_name;
  WorkspacePaths workspace;
  /// `workspace.host` as written. Never connected to.
  std::string workspace_host;
  /// Sorted by key. Jobs with errors are in it too.
  std::vector<JobResource> jobs;
  /// What is to be built before a deployment, sorted by name.
  std::vector<Artifact> artifacts;
  /// Wheels that travel beside the files of the root.
  ArtifactFiles artifact_files;
  /// Keys of jobs whose schedule stands still only because the target is for development; sorted.
  std::vector<std::string> paused_by_development;
  /// "pipelines.lake", "jobs.refresh": what LoadOptions::allows_unsupported left out.
  std::vector<std::string> skipped;
  /// `scripts` and `experimental.scripts`: run by whoever deploys, never by the loader.
  Scripts scripts;
  /// What travels with a deployment: list_files() takes it.
  SyncRules sync;
  /// The resolved configuration as indented JSON; present as far as loading came.
  std::string configuration_json;
  std::vector<Diagnostic> diagnostics;

  [[nodiscard]] bool has_errors() const;
};

/// Where the `--var` values of the last deployment are kept, relative to the root: a JSON object of
/// texts.
[[nodiscard]] std::string deployed_variables_file(std::string_view target);

/// Loads and checks a bundle. Everything that is wrong stands in `diagnostics`, all of it in one
/// run.
[[nodiscard]] LoadedBundle load_bundle(const LoadOptions& options);

}  // namespace sheaf::bundles
