#include "bundles/loader.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "bundles/brace_check.h"
#include "bundles/files.h"
#include "bundles/git_details.h"
#include "bundles/identities.h"
#include "bundles/interpolation.h"
#include "bundles/job_check.h"
#include "bundles/job_paths.h"
#include "bundles/job_shape.h"
#include "bundles/json_text.h"
#include "bundles/keyed_merge.h"
#include "bundles/portability.h"
#include "bundles/presets.h"
#include "bundles/resource_kinds.h"
#include "bundles/run_job_check.h"
#include "bundles/schedule_check.h"
#include "bundles/sections.h"
#include "bundles/source_reading.h"
#include "bundles/targets.h"
#include "bundles/variables.h"
#include "bundles/workspace.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

class Loader {
 public:
  explicit Loader(const LoadOptions& options)
      : options_(options), findings_(files_, options.is_strict) {}

  LoadedBundle run() {
    load();
    bundle_.diagnostics = findings_.in_reading_order();
    return std::move(bundle_);
  }

 private:
  void load() {
    const std::optional<RootFile> root =
        find_root_file(options_.start_folder, options_.environment, findings_);
    if (!root) {
      return;
    }
    bundle_.root = root->folder;
    bundle_.sync = all_below(root->folder);
    std::optional<Value> configuration = read_configuration(*root, files_, findings_);
    if (!configuration) {
      return;
    }
    configuration_ = std::move(*configuration);
    bundle_.target_names = target_names(configuration_);
    const std::optional<std::string> target =
        choose_target(configuration_, options_.target, options_.environment, findings_);
    if (!target) {
      return;
    }
    const Target applied = apply_target(configuration_, *target, findings_);
    check_sections(configuration_, findings_);
    bundle_.skipped =
        check_resources(configuration_,
                        options_.allows_unsupported ? Unsupported::kSkipped : Unsupported::kRefused,
                        findings_);
    stand_in_for_name();
    settle_references(applied);
    merge_keyed_resources(configuration_, findings_);
    bundle_.paused_by_development =
        apply_presets(configuration_, applied, options_.user_name, findings_);
    if (applied.mode != Mode::kDevelopment) {
      bundle_.paused_by_development.clear();
    }
    apply_identities(configuration_, options_.user_name, findings_);
    bundle_.scripts = read_scripts(configuration_, files_, findings_);
    bundle_.sync = read_sync(configuration_, bundle_.root, files_, findings_);
    bundle_.artifacts = read_artifacts(configuration_, bundle_.root, files_, findings_);
    skip_jobs();
    settle_deployed_references();
    finish_jobs();
    bundle_.configuration_json = to_indented_json(configuration_);
  }

  // A name that is missing has been reported: what refers to it is not spoken of again.
  void stand_in_for_name() {
    const Value* given = find(configuration_, "bundle");
    Value bundle = given != nullptr && given->is_map() ? *given : make_map();
    for (const char* field : {"name", "target"}) {
      if (find(bundle, field) == nullptr) {
        put(bundle, field, make_string("")).is_unresolved = true;
      }
    }
    put(configuration_, "bundle", std::move(bundle));
  }

  void settle_references(const Target& target) {
    bundle_.target = target.name;
    bundle_.mode = target.mode;
    bundle_.user_name = options_.user_name;
    const VariableSources sources{.arguments = options_.variables,
                                  .recalled = recalled(target.name),
                                  .environment = options_.environment,
                                  .override_file = read_overrides(target.name)};
    assign_variables(configuration_, sources, findings_);
    fill_git_details(configuration_, bundle_.root);
    bundle_.workspace = settle_workspace(configuration_, options_.user_name, findings_);
    if (const Value* bundle = find(configuration_, "bundle")) {
      bundle_.name = text_of(*bundle, "name");
    }
    if (const Value* workspace = find(configuration_, "workspace")) {
      bundle_.workspace_host = text_of(*workspace, "host");
    }
    const Value snapshot = configuration_;
    Interpolator interpolator(snapshot, findings_, DeployedReferences::kStay);
    for (const char* section : {"artifacts",
                                "presets",
                                "permissions",
                                "run_as",
                                "variables",
                                "sync",
                                "scripts",
                                "experimental"}) {
      if (Value* value = find(configuration_, section)) {
        interpolator.resolve(*value, section);
      }
    }
    if (Value* jobs = find_jobs()) {
      interpolator.resolve(*jobs, "resources.jobs");
    }
  }

  void skip_jobs() {
    if (options_.allows_unsupported && find_jobs() != nullptr) {
      skipped_jobs_ = skip_unsupported_jobs(*find_jobs(), findings_);
    }
    for (const std::string& key : skipped_jobs_) {
      bundle_.skipped.push_back("jobs." + key);
    }
    std::ranges::sort(bundle_.skipped);
  }

  // A resource is referred to as it is deployed: with the prefix of its name, with presets.
  void settle_deployed_references() {
    const Value snapshot = configuration_;
    Interpolator interpolator(snapshot, findings_);
    Value* jobs = find_jobs();
    for (std::size_t i = 0; jobs != nullptr && i < jobs->members.size(); ++i) {
      Member& job = jobs->members[i];
      if (!skipped_jobs_.contains(job.key)) {
        interpolator.resolve(job.value, "resources.jobs." + job.key);
      }
    }
  }

  static std::string text_of(const Value& map, std::string_view key) {
    const Value* value = find(map, key);
    return value == nullptr ? std::string() : value->text;
  }

  model::NamedStrings recalled(const std::string& target) {
    model::NamedStrings all;
    if (options_.recalls_variables) {
      const Value values = read_state(deployed_variables_file(target));
      for (const Member& variable : values.members) {
        all.emplace_back(variable.key, variable.value.text);
      }
    }
    return all;
  }

  Value read_overrides(const std::string& target) {
    return read_state(".databricks/bundle/" + target + "/variable-overrides.json");
  }

  // A file that people or earlier calls may have left below the root.
  Value read_state(const std::string& name) {
    std::error_code error;
    if (!fs::is_regular_file(bundle_.root / name, error)) {
      return {};
    }
    return read_source(bundle_.root, name, files_, findings_).value_or(Value{});
  }

  Value* find_jobs() {
    Value* resources = find(configuration_, "resources");
    Value* jobs = resources == nullptr ? nullptr : find(*resources, "jobs");
    return jobs != nullptr && jobs->is_map() ? jobs : nullptr;
  }

  std::optional<std::set<std::string>> travelling_files() {
    const Result<ListedFiles> files = list_files(bundle_.sync);
    if (!files) {
      findings_.error(
          {.summary = "the bundle's files cannot travel: " + files.error().message, .detail = ""},
          "",
          {});
      return std::nullopt;
    }
    for (const std::string& link : files->dead_links) {
      findings_.warning({.summary = "the link " + shown_name(link) + " leads nowhere",
                         .detail = "It does not travel. Correct it, or remove it."},
                        "",
                        {});
    }
    return std::set<std::string>(files->names.begin(), files->names.end());
  }

  void finish_jobs() {
    Value* jobs = find_jobs();
    if (jobs == nullptr || jobs->members.empty()) {
      findings_.warning(
          {.summary = "the bundle has no jobs", .detail = "Define one under `resources.jobs`."},
          "resources.jobs",
          {configuration_.place});
      return;
    }
    const PathContext context{.root = bundle_.sync.root,
                              .bundle_folder = bundle_.sync.bundle_folder,
                              .file_path = bundle_.workspace.file_path,
                              .files = files_,
                              .travelling = travelling_files()};
    for (Member& job : jobs->members) {
      if (job.value.is_map() && !skipped_jobs_.contains(job.key)) {
        finish_job(job, context);
      }
    }
    check_run_jobs(*jobs, bundle_.jobs, skipped_jobs_, findings_);
  }

  [[nodiscard]] LibraryContext library_context() const {
    using enum LibraryContext::Stage;
    static const BuiltWheels nothing_built;
    return {.root = bundle_.root,
            .sync_root = bundle_.sync.root,
            .file_path = bundle_.workspace.file_path,
            .artifact_path = bundle_.workspace.artifact_path,
            .files = files_,
            .stage = options_.built_wheels       ? kBuilt
                     : bundle_.artifacts.empty() ? kNothingToBuild
                                                 : kNotYetBuilt,
            .built = options_.built_wheels ? *options_.built_wheels : nothing_built};
  }

  void finish_job(Member& job, const PathContext& context) {
    const std::string path = "resources.jobs." + job.key;
    shape_job(job.value, path, findings_);
    translate_paths(job.value, path, context, findings_);
    translate_libraries(job.value, path, library_context(), bundle_.artifact_files, findings_);
    JobResource resource{.key = job.key, .settings_json = to_compact_json(job.value)};
    resource.settings =
        check_job(job.value, job.key_place, path, resource.settings_json, findings_);
    check_braces(job.value, path, findings_);
    check_schedule(job.value, path, options_.now, findings_);
    if (options_.is_portable) {
      check_portability(job.value, path, findings_);
    }
    resource.task_places = places_of_tasks(job.value);
    resource.places.push_back(files_.place(job.key_place));
    for (const Location& place : places_of(job.value)) {
      if (place != job.value.place && place.is_known()) {
        resource.places.push_back(files_.place(place));
      }
    }
    bundle_.jobs.push_back(std::move(resource));
  }

  [[nodiscard]] std::vector<std::vector<SourcePlace>> places_of_tasks(const Value& job) const {
    std::vector<std::vector<SourcePlace>> all;
    const Value* tasks = find(job, "tasks");
    for (std::size_t i = 0; tasks != nullptr && i < tasks->items.size(); ++i) {
      auto& places = all.emplace_back();
      for (const Location& place : places_of(tasks->items[i])) {
        places.push_back(files_.place(place));
      }
    }
    return all;
  }

  const LoadOptions& options_;
  SourceFiles files_;
  Findings findings_;
  Value configuration_;
  LoadedBundle bundle_;
  std::set<std::string> skipped_jobs_;
};

}  // namespace

bool LoadedBundle::has_errors() const {
  return std::ranges::any_of(diagnostics, [](const Diagnostic& diagnostic) {
    return diagnostic.severity == Severity::kError;
  });
}

std::string deployed_variables_file(std::string_view target) {
  return ".databricks/bundle/" + std::string(target) + "/deployed-variables.json";
}

LoadedBundle load_bundle(const LoadOptions& options) {
  return Loader(options).run();
}

}  // namespace sheaf::bundles
