// `sheaf cancel RUN [TASK]`, `sheaf cancel --job JOB`.
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
    CLI::App* app =
        root.add_subcommand("cancel", "Cancels a run, a task of it, or all runs of a job");
    CLI::Option* run = app->add_option("RUN", run_, "Run id");
    app->add_option("TASK", task_, "Only this task of the run");
    app->add_option("--job", job_, "Every active run of this job: key in the bundle here, or id")
        ->option_text("JOB")
        ->excludes(run);
    app->add_flag("--queued", is_queued_only_, "With --job: only runs that wait in the queue");
    app->add_flag("--wait", waits_, "Return once every process of the run is gone");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    if (!job_.empty()) {
      return cancel_all(invocation);
    }
    const auto run_id = parse_id(run_, "run");
    if (!run_id) {
      return fail(run_id.error());
    }
    auto scheduler = PatientScheduler::connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto cancelled_id = task_.empty() ? run_id : find_task(*scheduler, *run_id);
    if (!cancelled_id) {
      return fail(cancelled_id.error());
    }
    const boost::json::object body{{"run_id", *cancelled_id}};
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
  /// The id of the task's run.
  [[nodiscard]] Result<std::int64_t> find_task(PatientScheduler& scheduler,
                                               std::int64_t run_id) const {
    const auto answer = get_run(scheduler, run_id);
    if (!answer) {
      return fail(answer.error());
    }
    for (const TaskView& task : read_run(*answer).tasks) {
      if (task.key == task_) {
        return task.run_id;
      }
    }
    return fail(ErrorCode::kNotFound, "run " + run_ + " has no task \"" + task_ + "\"");
  }

  [[nodiscard]] Result<ExitStatus> cancel_all(const Invocation& invocation) const {
    auto lookup = connect(invocation);
    if (!lookup) {
      return fail(lookup.error());
    }
    const auto job = find_job(invocation, *lookup, job_);
    if (!job) {
      return fail(job.error());
    }
    auto scheduler = PatientScheduler::over(invocation, std::move(*lookup));
    const boost::json::object body{{"job_id", *job}, {"all_queued_runs", is_queued_only_}};
    const auto cancelled = scheduler.send({.method = "POST",
                                           .path = "/api/2.2/jobs/runs/cancel-all",
                                           .body = boost::json::serialize(body)});
    if (!cancelled) {
      return fail(cancelled.error());
    }
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"job_id", *job}});
    } else {
      print("The runs of job " + std::to_string(*job) + " are being cancelled.\n");
    }
    return ExitStatus::kSuccess;
  }

  std::string run_;
  std::string task_;
  std::string job_;
  bool is_queued_only_ = false;
  bool waits_ = false;
};

}  // namespace

std::unique_ptr<Command> make_cancel_command() {
  return std::make_unique<CancelCommand>();
}

}  // namespace sheaf::cli
