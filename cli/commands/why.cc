// `sheaf why RUN [TASK]`, `sheaf why --job JOB`: what holds it up, as a tree of reasons.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

std::string runs_text(const boost::json::array& runs) {
  std::string text;
  for (const auto& run : runs) {
    text += (text.empty() ? "" : ", ") + boost::json::serialize(run);
  }
  return text;
}

/// One reason in a line, its code last.
std::string line_of(const boost::json::object& reason) {
  std::string line = text_at(reason, "message");
  if (const std::int64_t nominal = number_at(reason, "nominal_time"); nominal > 0) {
    line = time_text(nominal) + ": " + line;
  }
  const std::string runs = runs_text(array_at(reason, "runs"));
  if (!runs.empty() && text_at(reason, "code") != "WAITING_FOR_CHILD_RUN") {
    line += " Runs: " + runs + ".";
  }
  if (const std::int64_t until = number_at(reason, "until_ms"); until > 0) {
    line += " (" + time_text(until) + ")";
  }
  return printable(line) + " [" + printable(text_at(reason, "code")) + "]";
}

void draw(const boost::json::array& reasons, const std::string& indent, std::string& text) {
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (!reasons[i].is_object()) {
      continue;
    }
    const auto& reason = reasons[i].get_object();
    const bool is_last = i + 1 == reasons.size();
    text += indent + (is_last ? "└─ " : "├─ ") + line_of(reason) + "\n";
    draw(array_at(reason, "because"), indent + (is_last ? "   " : "│  "), text);
  }
}

class WhyCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app =
        root.add_subcommand("why",
                            "Says why a run, or a task of it, is not running, or what a job "
                            "waits for");
    CLI::Option* run = app->add_option("RUN", run_, "Run id");
    app->add_option("TASK", task_, "Task of the run");
    app->add_option("--job", job_, "Instead: a job, by its key in the bundle here, or its id")
        ->option_text("JOB")
        ->excludes(run);
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    if (job_.empty()) {
      if (const auto run_id = parse_id(run_, "run"); !run_id) {
        return fail(run_id.error());
      }
    }
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto path = find_path(invocation, *scheduler);
    if (!path) {
      return fail(path.error());
    }
    const auto answer = scheduler->get(*path);
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
      return ExitStatus::kSuccess;
    }
    std::string text = heading(*answer) + "\n";
    draw(array_at(*answer, "reasons"), "", text);
    print(text);
    return ExitStatus::kSuccess;
  }

 private:
  [[nodiscard]] Result<std::string> find_path(const Invocation& invocation,
                                              Scheduler& scheduler) const {
    if (job_.empty()) {
      const std::string argument =
          task_.empty() ? "" : "?task=" + http_client::percent_encoded(task_);
      return "/api/sheaf/v1/runs/" + run_ + "/why" + argument;
    }
    const auto job = find_job(invocation, scheduler, job_);
    if (!job) {
      return fail(job.error());
    }
    return "/api/sheaf/v1/jobs/" + std::to_string(*job) + "/why";
  }

  [[nodiscard]] std::string heading(const boost::json::object& answer) const {
    if (!job_.empty()) {
      return "Job " + job_ + (array_at(answer, "reasons").empty() ? ": nothing to say" : "");
    }
    return "Run " + run_ + (task_.empty() ? "" : ", task " + task_) + ": " +
           printable(text_at(answer, "state"));
  }

  std::string run_;
  std::string task_;
  std::string job_;
};

}  // namespace

std::unique_ptr<Command> make_why_command() {
  return std::make_unique<WhyCommand>();
}

}  // namespace sheaf::cli
