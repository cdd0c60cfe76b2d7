// `sheaf destroy`: removes the deployment of the bundle here, all of it or nothing.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/confirmation.h"
#include "cli/console.h"
#include "cli/deployment.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

std::string question(const DeploymentName& name, const StandingDeployment& standing) {
  std::string text;
  for (const bundles::PlannedState& job : standing.jobs) {
    text += "delete jobs." + printable(job.key) + " (job " +
            std::to_string(standing.job_ids.at(job.key)) + ")\n";
  }
  return text + "Runs under way go on, and runs that are over stay.\nRemove bundle " +
         printable(name.bundle) + " from target " + printable(name.target) + "?";
}

class DestroyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand(
        "destroy", "Removes the bundle's jobs and schedules from the scheduler");
    app->add_flag("--auto-approve", is_approved_, "Do not ask");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto name = find_deployment_name(invocation);
    if (!name) {
      return fail(name.error());
    }
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto standing = read_standing(*scheduler, *name);
    if (!standing) {
      return fail(standing.error());
    }
    if (standing->version == 0) {
      return fail(ErrorCode::kNotFound,
                  "bundle " + name->bundle + " is not deployed to target " + name->target);
    }
    if (!is_approved_) {
      const auto is_meant = confirm(question(*name, *standing), "--auto-approve");
      if (!is_meant || !*is_meant) {
        return is_meant ? fail(ErrorCode::kInvalid, "nothing was removed") : fail(is_meant.error());
      }
    }
    const auto answer = scheduler->send(
        {.method = "DELETE",
         .path = name->path() + "?expected_version=" + std::to_string(standing->version)});
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
    } else {
      print(changes_text(*answer) + "Removed bundle " + printable(name->bundle) + " from target " +
            printable(name->target) + "\n");
    }
    return ExitStatus::kSuccess;
  }

 private:
  bool is_approved_ = false;
};

}  // namespace

std::unique_ptr<Command> make_destroy_command() {
  return std::make_unique<DestroyCommand>();
}

}  // namespace sheaf::cli
