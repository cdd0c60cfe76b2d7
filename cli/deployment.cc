#include "cli/deployment.h"

#include <algorithm>
#include <utility>

#include "cli/artifact_builds.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/local_script.h"
#include "common/os/digest.h"

namespace sheaf::cli {
namespace {

/// Builds the bundle's artifacts and loads it with them.
Result<bundles::LoadedBundle> build(const Invocation& invocation, bundles::LoadedBundle bundle) {
  if (auto ran = run_moments(bundle, {"preinit", "postinit", "prebuild"}); !ran) {
    return fail(ran.error());
  }
  if (!bundle.artifacts.empty()) {
    auto built = build_artifacts(bundle);
    if (!built) {
      return fail(built.error());
    }
    auto reloaded = load_bundle(invocation, std::move(*built));
    if (!reloaded || reloaded->has_errors()) {
      return reloaded;
    }
    bundle = std::move(*reloaded);
  }
  if (auto ran = run_moments(bundle, {"postbuild"}); !ran) {
    return fail(ran.error());
  }
  return bundle;
}

/// Shows the findings. Fails with kInvalid when there are errors.
Result<void> check_findings(const Invocation& invocation, const bundles::LoadedBundle& bundle) {
  say_findings(invocation, bundle);
  return bundle.has_errors()
             ? fail(ErrorCode::kInvalid,
                    "the bundle has " + count_findings(bundle) + "; nothing was deployed")
             : Result<void>();
}

}  // namespace

std::vector<bundles::PlannedState> DesiredDeployment::jobs() const {
  std::vector<bundles::PlannedState> states;
  for (const bundles::JobResource& job : bundle.jobs) {
    states.push_back({.key = job.key,
                      .settings_json = job.settings_json,
                      .manifest_digest = tree.digest,
                      .file_path = bundle.workspace.file_path});
  }
  return states;
}

std::vector<std::string> DesiredDeployment::kept_jobs(const StandingDeployment& standing) const {
  std::vector<std::string> kept;
  for (const bundles::PlannedState& job : standing.jobs) {
    if (std::ranges::find(bundle.skipped, "jobs." + job.key) != bundle.skipped.end()) {
      kept.push_back(job.key);
    }
  }
  return kept;
}

std::string DesiredDeployment::digest() const {
  boost::json::object jobs;
  for (const bundles::JobResource& job : bundle.jobs) {
    jobs[job.key] = job.settings_json;
  }
  return os::sha256_hex(
      boost::json::serialize(boost::json::object{{"bundle", bundle.name},
                                                 {"target", bundle.target},
                                                 {"file_path", bundle.workspace.file_path},
                                                 {"manifest_digest", tree.digest},
                                                 {"jobs", std::move(jobs)}}));
}

Result<PreparedDeployment> prepare_deployment(const Invocation& invocation) {
  auto bundle = load_bundle(invocation);
  if (!bundle) {
    return fail(bundle.error());
  }
  if (bundle->has_errors()) {
    return fail(check_findings(invocation, *bundle).error());
  }
  // Before anything runs here: it would run for nothing.
  auto scheduler = connect(invocation);
  if (!scheduler) {
    return fail(scheduler.error());
  }
  bundle = build(invocation, *std::move(bundle));
  if (!bundle) {
    return fail(bundle.error());
  }
  if (auto checked = check_findings(invocation, *bundle); !checked) {
    return fail(checked.error());
  }
  PreparedDeployment prepared{.desired = {.bundle = *std::move(bundle), .tree = {}},
                              .scheduler = *std::move(scheduler)};
  if (auto hashed = hash_again(prepared.desired); !hashed) {
    return fail(hashed.error());
  }
  return prepared;
}

Result<void> hash_again(DesiredDeployment& desired) {
  const bundles::LoadedBundle& bundle = desired.bundle;
  const auto files = bundles::list_files(bundle.sync);
  if (!files) {
    return fail(files.error());
  }
  auto tree = bundles::hash_files(bundle.sync.root, files->names, bundle.artifact_files);
  if (!tree) {
    return fail(tree.error());
  }
  desired.tree = std::move(*tree);
  return {};
}

Result<StandingDeployment> read_standing(Scheduler& scheduler, const DeploymentName& name) {
  const auto deployment = scheduler.get(name.path() + "?include_settings=true");
  if (!deployment && deployment.error().code == ErrorCode::kNotFound) {
    return StandingDeployment{};
  }
  if (!deployment) {
    return fail(deployment.error());
  }
  StandingDeployment standing{.version = number_at(*deployment, "version"),
                              .manifest_digest = text_at(*deployment, "manifest_digest"),
                              .jobs = {},
                              .job_ids = {}};
  for (const auto& entry : array_at(*deployment, "jobs")) {
    if (!entry.is_object()) {
      continue;
    }
    const auto& job = entry.get_object();
    const std::string key = text_at(job, "resource_key");
    standing.jobs.push_back({.key = key,
                             .settings_json = boost::json::serialize(object_at(job, "settings")),
                             .manifest_digest = text_at(job, "manifest_digest"),
                             .file_path = text_at(job, "file_path")});
    standing.job_ids.emplace(key, number_at(job, "job_id"));
  }
  return standing;
}

std::string changes_text(const boost::json::object& answer) {
  std::string text;
  for (const auto& entry : array_at(answer, "jobs")) {
    if (entry.is_object()) {
      const auto& job = entry.get_object();
      text += printable(text_at(job, "change")) + " jobs." +
              printable(text_at(job, "resource_key")) + " (job " +
              std::to_string(number_at(job, "job_id")) + ")\n";
    }
  }
  return text;
}

}  // namespace sheaf::cli
