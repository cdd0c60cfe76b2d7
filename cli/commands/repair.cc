// `sheaf repair RUN`: runs what failed of a finished run again.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/run_follow.h"
#include "cli/run_watch.h"

namespace sheaf::cli {
namespace {

class RepairCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand(
        "repair", "Runs what failed of a finished run again, with the job as deployed now");
    app->add_option("RUN", run_, "Run id")->required();
    app->add_option("--task", tasks_, "Run this task again instead of what failed; may be repeated")
        ->option_text("TASK")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app->add_flag(
        "--dependents", with_dependents_, "Run again, too, what depends on it and succeeded");
    app->add_option("--params", parameters_, "Value of a job parameter; may be repeated")
        ->option_text("NAME=VALUE")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app->add_flag("--no-wait", does_not_wait_, "Return once the repair is accepted");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto run_id = parse_id(run_, "run");
    const auto parameters = parse_pairs(parameters_, "--params");
    if (!run_id || !parameters) {
      return fail(!run_id ? run_id.error() : parameters.error());
    }
    auto scheduler = PatientScheduler::connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto known = get_run(*scheduler, *run_id);
    if (!known) {
      return fail(known.error());
    }
    const auto accepted =
        scheduler->send({.method = "POST",
                         .path = "/api/2.2/jobs/runs/repair",
                         .body = boost::json::serialize(make_request(
                             *run_id, number_at(*known, "latest_repair_id"), *parameters))});
    if (!accepted) {
      return fail(accepted.error());
    }
    if (does_not_wait_) {
      invocation.wants_json() ? print_json(*accepted)
                              : print(std::to_string(number_at(*accepted, "repair_id")) + "\n");
      return ExitStatus::kSuccess;
    }
    return follow_run(invocation, *scheduler, *run_id);
  }

 private:
  [[nodiscard]] boost::json::object make_request(std::int64_t run_id,
                                                 std::int64_t latest_repair,
                                                 const model::NamedStrings& parameters) const {
    boost::json::object body{{"run_id", run_id}, {"rerun_dependent_tasks", with_dependents_}};
    if (latest_repair != 0) {
      body["latest_repair_id"] = latest_repair;
    }
    if (tasks_.empty()) {
      body["rerun_all_failed_tasks"] = true;
    } else {
      body["rerun_tasks"] = boost::json::value_from(tasks_);
    }
    boost::json::object values;
    for (const auto& [name, value] : parameters) {
      values[name] = value;
    }
    body["job_parameters"] = std::move(values);
    return body;
  }

  std::string run_;
  std::vector<std::string> tasks_;
  std::vector<std::string> parameters_;
  bool with_dependents_ = false;
  bool does_not_wait_ = false;
};

}  // namespace

std::unique_ptr<Command> make_repair_command() {
  return std::make_unique<RepairCommand>();
}

}  // namespace sheaf::cli
