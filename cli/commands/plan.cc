// `sheaf plan`: what `sheaf deploy` would change; changes nothing.
#include <algorithm>
#include <set>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "bundles/utf8.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/deployment.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

using bundles::PlanAction;
using bundles::PlannedJob;

constexpr std::size_t kShownFiles = 10;
constexpr std::size_t kShownCharacters = 120;

struct Plan {
  StandingDeployment standing;
  std::vector<PlannedJob> jobs;
  bundles::FilePlan files;

  [[nodiscard]] std::ptrdiff_t count(PlanAction action) const {
    return std::ranges::count(jobs, action, &PlannedJob::action);
  }
};

/// The files of the deployment as it stands; none where it has none.
Result<model::Manifest> read_manifest(Scheduler& scheduler, const std::string& digest) {
  if (digest.empty()) {
    return model::Manifest{};
  }
  const auto response =
      scheduler.send_raw({.method = "GET", .url = "/api/sheaf/v1/blobs/" + digest});
  return response ? model::parse_manifest(response->body) : fail(response.error());
}

Result<Plan> make_plan(Scheduler& scheduler, const DesiredDeployment& desired) {
  auto standing = read_standing(scheduler, desired.name());
  if (!standing) {
    return fail(standing.error());
  }
  auto jobs = bundles::plan_jobs(standing->jobs, desired.jobs());
  if (!jobs) {
    return fail(jobs.error());
  }
  Plan plan{.standing = std::move(*standing), .jobs = std::move(*jobs), .files = {}};
  if (plan.standing.manifest_digest != desired.tree.digest) {
    const auto manifest = read_manifest(scheduler, plan.standing.manifest_digest);
    if (!manifest) {
      return fail(manifest.error());
    }
    plan.files = bundles::plan_files(*manifest, desired.tree.manifest);
  }
  return plan;
}

std::string shown_value(const std::string& json) {
  if (json.empty()) {
    return "(absent)";
  }
  const std::string text = printable(json);
  return width_of(text) <= kShownCharacters
             ? text
             : bundles::valid_text(text.substr(0, kShownCharacters)) + "…";
}

std::string job_text(const PlannedJob& job) {
  if (job.action == PlanAction::kUnchanged) {
    return "";
  }
  std::string text = std::string(to_string(job.action)) + " jobs." + printable(job.key) + "\n";
  for (const bundles::FieldChange& change : job.changes) {
    text += "    " + printable(change.path) + ": " + shown_value(change.before) + " → " +
            shown_value(change.after) + "\n";
  }
  return text;
}

std::string files_text(const bundles::FilePlan& files) {
  if (files.is_empty()) {
    return "";
  }
  std::string text = "Files: " + std::to_string(files.added.size()) + " to add, " +
                     std::to_string(files.changed.size()) + " to change, " +
                     std::to_string(files.removed.size()) + " to delete\n";
  for (const auto& [sign, names] : {std::pair("+", &files.added),
                                    std::pair("~", &files.changed),
                                    std::pair("-", &files.removed)}) {
    for (std::size_t i = 0; i < std::min(names->size(), kShownFiles); ++i) {
      text += "    " + std::string(sign) + " " + printable(names->at(i)) + "\n";
    }
    if (names->size() > kShownFiles) {
      text += "    " + std::string(sign) + " and " + std::to_string(names->size() - kShownFiles) +
              " more\n";
    }
  }
  return text;
}

std::string plan_text(const Plan& plan) {
  std::string text;
  for (const PlannedJob& job : plan.jobs) {
    text += job_text(job);
  }
  return text + files_text(plan.files) +
         "Plan: " + std::to_string(plan.count(PlanAction::kCreate)) + " to add, " +
         std::to_string(plan.count(PlanAction::kUpdate)) + " to change, " +
         std::to_string(plan.count(PlanAction::kDelete)) + " to delete, " +
         std::to_string(plan.count(PlanAction::kUnchanged)) + " unchanged\n";
}

boost::json::value parsed_or_null(const std::string& json) {
  return json.empty() ? boost::json::value() : boost::json::parse(json);
}

boost::json::object job_json(const Plan& plan, const PlannedJob& job) {
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

boost::json::object plan_json(const DesiredDeployment& desired, const Plan& plan) {
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

class PlanCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    return root.add_subcommand("plan", "Shows what deploy would change, field by field");
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto desired = load_desired(invocation);
    if (!desired) {
      return fail(desired.error());
    }
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto plan = make_plan(*scheduler, *desired);
    if (!plan) {
      return fail(plan.error());
    }
    if (invocation.wants_json()) {
      print_json(plan_json(*desired, *plan));
    } else {
      print(plan_text(*plan));
    }
    return ExitStatus::kSuccess;
  }
};

}  // namespace

std::unique_ptr<Command> make_plan_command() {
  return std::make_unique<PlanCommand>();
}

}  // namespace sheaf::cli
