// `sheaf summary`: the deployment of the bundle here, as it stands on the scheduler.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

/// The members of `list` that belong to the job.
boost::json::array of_job(const boost::json::array& list, std::int64_t job_id) {
  boost::json::array chosen;
  for (const auto& entry : list) {
    if (entry.is_object() && number_at(entry.get_object(), "job_id") == job_id) {
      chosen.push_back(entry);
    }
  }
  return chosen;
}

/// Adds to every job its schedules and hooks.
Result<void> add_triggers(Scheduler& scheduler, boost::json::object& deployment) {
  const auto schedules = scheduler.get("/api/sheaf/v1/schedules");
  if (!schedules) {
    return fail(schedules.error());
  }
  const auto hooks = scheduler.get("/api/sheaf/v1/hooks");
  if (!hooks) {
    return fail(hooks.error());
  }
  const std::string url = scheduler.endpoint().address.url();
  boost::json::array jobs;
  for (const auto& entry : array_at(deployment, "jobs")) {
    if (!entry.is_object()) {
      continue;
    }
    auto job = entry.get_object();
    const std::int64_t job_id = number_at(job, "job_id");
    job["schedules"] = of_job(array_at(*schedules, "schedules"), job_id);
    job["hooks"] = of_job(array_at(*hooks, "hooks"), job_id);
    for (auto& hook : job["hooks"].get_array()) {
      hook.get_object()["url"] = url + text_at(hook.get_object(), "url_path");
    }
    jobs.push_back(std::move(job));
  }
  deployment["jobs"] = std::move(jobs);
  return {};
}

std::string job_text(const boost::json::object& job) {
  std::string text = "  " + printable(text_at(job, "resource_key")) + ": job " +
                     std::to_string(number_at(job, "job_id")) + ", " +
                     printable(text_at(job, "name")) + "\n";
  for (const auto& entry : array_at(job, "schedules")) {
    const auto& schedule = entry.get_object();
    text += "    schedule " + printable(text_at(schedule, "quartz_cron_expression")) + " " +
            printable(text_at(schedule, "timezone_id")) + ", " +
            (flag_at(schedule, "paused") ? "paused"
                                         : "next " + time_text(number_at(schedule, "next_time"))) +
            "\n";
  }
  for (const auto& entry : array_at(job, "hooks")) {
    const auto& hook = entry.get_object();
    text += "    hook " + printable(text_at(hook, "name")) + " " + text_at(hook, "url") +
            ", secret: " + text_at(hook, "secret") + "\n";
  }
  return text;
}

class SummaryCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    return root.add_subcommand("summary", "Shows what of this bundle is deployed");
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
    auto deployment = scheduler->get(name->path());
    if (!deployment && deployment.error().code == ErrorCode::kNotFound) {
      return fail(ErrorCode::kNotFound,
                  "bundle " + name->bundle + " is not deployed to target " + name->target);
    }
    if (!deployment) {
      return fail(deployment.error());
    }
    if (auto added = add_triggers(*scheduler, *deployment); !added) {
      return fail(added.error());
    }
    if (invocation.wants_json()) {
      print_json(*deployment);
      return ExitStatus::kSuccess;
    }
    std::string text = "Bundle " + name->bundle + ", target " + name->target + ", version " +
                       std::to_string(number_at(*deployment, "version")) + ", deployed by " +
                       text_at(*deployment, "deployed_by") + " at " +
                       time_text(number_at(*deployment, "deployed_time")) + "\n";
    for (const auto& job : array_at(*deployment, "jobs")) {
      text += job_text(job.get_object());
    }
    print(text);
    return ExitStatus::kSuccess;
  }
};

}  // namespace

std::unique_ptr<Command> make_summary_command() {
  return std::make_unique<SummaryCommand>();
}

}  // namespace sheaf::cli
