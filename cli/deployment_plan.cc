#include "cli/deployment_plan.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

namespace sheaf::cli {
namespace {

using bundles::PlanAction;
using bundles::PlannedJob;

/// The files of the deployment as it stands; none where it has none.
Result<model::Manifest> read_manifest(Scheduler& scheduler, const std::string& digest) {
  if (digest.empty()) {
    return model::Manifest{};
  }
  const auto response =
      scheduler.send_raw({.method = "GET", .url = "/api/sheaf/v1/blobs/" + digest});
  return response ? model::parse_manifest(response->body) : fail(response.error());
}

boost::json::value parsed_or_null(const std::string& json) {
  return json.empty() ? boost::json::value() : boost::json::parse(json);
}

boost::json::object job_json(const DeploymentPlan& plan, const PlannedJob& job) {
  boost::json::object object{{"action", to_string(job.action)}};
  const auto id = plan.standing.job_ids.find(job.key);
  if (id != plan.standing.job_ids.end()) {
    object["job_id"] = id->second;
  }
  boost::json::array changes;
  for (const bundles::FieldChange& change : job.changes) {
    boost::json::object entry{{"path", change.path}};
    if (!change.before.empty()) {
      entry["before"] = parsed_or_null(change.before);
    }
    if (!change.after.empty()) {
      entry["after"] = parsed_or_null(change.after);
    }
    changes.push_back(std::move(entry));
  }
  object["changes"] = std::move(changes);
  return object;
}

}  // namespace

std::ptrdiff_t DeploymentPlan::count(PlanAction action) const {
  return std::ranges::count(jobs, action, &PlannedJob::action);
}

Result<DeploymentPlan> make_plan(Scheduler& scheduler,
                                 const DesiredDeployment& desired,
                                 StandingDeployment standing) {
  std::vector<bundles::PlannedState> wanted = desired.jobs();
  const std::vector<std::string> kept = desired.kept_jobs(standing);
  std::ranges::copy_if(standing.jobs, std::back_inserter(wanted), [&](const auto& job) {
    return std::ranges::find(kept, job.key) != kept.end();
  });
  auto jobs = bundles::plan_jobs(standing.jobs, wanted);
  if (!jobs) {
    return fail(jobs.error());
  }
  DeploymentPlan plan{.standing = std::move(standing), .jobs = std::move(*jobs), .files = {}};
  if (plan.standing.manifest_digest != desired.tree.digest) {
    const auto manifest = read_manifest(scheduler, plan.standing.manifest_digest);
    if (!manifest) {
      return fail(manifest.error());
    }
    plan.files = bundles::plan_files(*manifest, desired.tree.manifest);
  }
  return plan;
}

boost::json::object plan_json(const DesiredDeployment& desired, const DeploymentPlan& plan) {
  boost::json::object jobs;
  for (const PlannedJob& job : plan.jobs) {
    jobs["jobs." + job.key] = job_json(plan, job);
  }
  return {{"bundle", desired.bundle.name},
          {"target", desired.bundle.target},
          {"version", plan.standing.version},
          {"digest", desired.digest()},
          {"plan", std::move(jobs)},
          {"files",
           {{"added", boost::json::value_from(plan.files.added)},
            {"changed", boost::json::value_from(plan.files.changed)},
            {"removed", boost::json::value_from(plan.files.removed)}}},
          {"summary",
           {{"create", plan.count(PlanAction::kCreate)},
            {"update", plan.count(PlanAction::kUpdate)},
            {"recreate", 0},
            {"delete", plan.count(PlanAction::kDelete)},
            {"unchanged", plan.count(PlanAction::kUnchanged)}}}};
}

}  // namespace sheaf::cli
