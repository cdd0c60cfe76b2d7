// `sheaf plan`: what `sheaf deploy` would change; changes nothing.
#include <algorithm>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/deployment_plan.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

using bundles::PlanAction;
using bundles::PlannedJob;

constexpr std::size_t kShownFiles = 10;
constexpr std::size_t kShownColumns = 120;

std::string shown_value(const std::string& json) {
  return json.empty() ? "(absent)" : shortened(json, kShownColumns);
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

std::string plan_text(const DeploymentPlan& plan) {
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

class PlanCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    return root.add_subcommand("plan", "Shows what deploy would change, field by field");
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    auto prepared = prepare_deployment(invocation);
    if (!prepared) {
      return fail(prepared.error());
    }
    auto& [desired, scheduler] = *prepared;
    auto standing = read_standing(scheduler, desired.name());
    if (!standing) {
      return fail(standing.error());
    }
    const auto plan = make_plan(scheduler, desired, std::move(*standing));
    if (!plan) {
      return fail(plan.error());
    }
    if (invocation.wants_json()) {
      print_json(plan_json(desired, *plan));
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
