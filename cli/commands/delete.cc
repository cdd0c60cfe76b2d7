// `sheaf delete RUN`: forgets a finished run.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/patient_scheduler.h"

namespace sheaf::cli {
namespace {

class DeleteCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("delete", "Forgets a finished run");
    app->add_option("RUN", run_, "Run id")->required();
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    const auto run_id = parse_id(run_, "run");
    if (!run_id) {
      return fail(run_id.error());
    }
    auto scheduler = PatientScheduler::connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const boost::json::object body{{"run_id", *run_id}};
    const auto deleted = scheduler->send({.method = "POST",
                                          .path = "/api/2.2/jobs/runs/delete",
                                          .body = boost::json::serialize(body)});
    if (!deleted) {
      return fail(deleted.error());
    }
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"run_id", *run_id}, {"deleted", true}});
    } else {
      print("Run " + run_ + " is deleted.\n");
    }
    return ExitStatus::kSuccess;
  }

 private:
  std::string run_;
};

}  // namespace

std::unique_ptr<Command> make_delete_command() {
  return std::make_unique<DeleteCommand>();
}

}  // namespace sheaf::cli
