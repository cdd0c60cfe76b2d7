// `sheaf cancel RUN`.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/run_watch.h"

namespace sheaf::cli {
namespace {

constexpr Milliseconds kPollWait{20'000};

class CancelCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("cancel", "Cancels a run");
    app->add_option("RUN", run_, "Run id")->required();
    app->add_flag("--wait", waits_, "Return once every process of the run is gone");
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
    const auto cancelled = scheduler->send({.method = "POST",
                                            .path = "/api/2.2/jobs/runs/cancel",
                                            .body = boost::json::serialize(body)});
    if (!cancelled) {
      return fail(cancelled.error());
    }
    const auto answer =
        waits_ ? watch_run(*scheduler, *run_id, [](const RunView&) { return kPollWait; })
               : get_run(*scheduler, *run_id);
    if (!answer) {
      return fail(answer.error());
    }
    const RunView run = read_run(*answer);
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"run_id", *run_id}, {"state", run.state}});
    } else {
      print("Run " + run_ + ": " + run.state + "\n");
    }
    return ExitStatus::kSuccess;
  }

 private:
  std::string run_;
  bool waits_ = false;
};

}  // namespace

std::unique_ptr<Command> make_cancel_command() {
  return std::make_unique<CancelCommand>();
}

}  // namespace sheaf::cli
