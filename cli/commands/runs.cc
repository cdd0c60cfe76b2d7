// `sheaf runs`: what ran, and what started it.
#include <algorithm>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/run_view.h"
#include "cli/run_watch.h"
#include "cli/task_tree.h"
#include "common/os/clocks.h"

namespace sheaf::cli {
namespace {

constexpr std::int64_t kPage = 100;
constexpr int kMaxLimit = 100'000;

std::string list_text(const boost::json::array& runs) {
  Table table({"RUN", "JOB", "STATE", "STARTED BY", "START", "DURATION"});
  for (const auto& entry : runs) {
    if (!entry.is_object()) {
      continue;
    }
    const RunView run = read_run(entry.get_object());
    table.add({std::to_string(run.run_id),
               run.name,
               state_text(run),
               run.trigger,
               time_text(run.start_ms),
               span_text(run.start_ms, run.end_ms, os::wall_time())});
  }
  return table.is_empty() ? "No runs.\n" : table.text();
}

std::string remarks_of(const AttemptView& attempt) {
  std::string remarks = attempt.message.substr(0, attempt.message.find('\n'));
  if (attempt.is_overlap_possible) {
    remarks += (remarks.empty() ? "" : "; ") + std::string("may have overlapped another attempt");
  }
  return remarks;
}

void add_task(Table& table, const TaskView& task, Timestamp now) {
  const std::string remark = !task.outcome.empty()      ? task.outcome
                             : !task.iterations.empty() ? task.iterations
                             : task.child_run_id != 0   ? "run " + std::to_string(task.child_run_id)
                                                        : "";
  const std::string outcome = remark.empty() ? "" : " (" + remark + ")";
  if (task.attempts.empty()) {
    table.add({task.key, "-", task.state + outcome, "-", "-", "-", "-", task.message});
    return;
  }
  for (const AttemptView& attempt : task.attempts) {
    const bool is_last = &attempt == &task.attempts.back();
    table.add({task.key,
               std::to_string(attempt.number),
               (is_last ? task.state : attempt.state) + outcome,
               end_text(attempt).empty() ? "-" : end_text(attempt),
               time_text(attempt.start_ms),
               duration_of(attempt, now),
               attempt.worker.empty() ? "-" : attempt.worker,
               remarks_of(attempt)});
  }
}

std::string run_text(const RunView& run, const boost::json::object& parameters) {
  const Timestamp now = os::wall_time();
  std::string text = "Run " + std::to_string(run.run_id) + " of job " + std::to_string(run.job_id) +
                     " (" + printable(run.name) + "): " + state_text(run) + "\nStarted by " +
                     printable(run.trigger) + ", submitted " + time_text(run.submitted_ms) +
                     ", start " + time_text(run.start_ms) + ", duration " +
                     span_text(run.start_ms, run.end_ms, now) + "\n";
  if (!run.message.empty()) {
    text += printable(run.message) + "\n";
  }
  for (const auto& [name, value] : parameters) {
    text += "  " + printable(name) + " = " +
            printable(value.is_string() ? std::string_view(value.get_string()) : "") + "\n";
  }
  Table table({"TASK", "ATTEMPT", "STATE", "END", "START", "DURATION", "WORKER", "MESSAGE"});
  std::string warnings;
  for (const std::size_t index : tree_order(run.tasks)) {
    add_task(table, run.tasks[index], now);
    for (const std::string& warning : run.tasks[index].warnings) {
      warnings += "Warning: " + printable(run.tasks[index].key) + ": " + printable(warning) + "\n";
    }
  }
  return text + table.text() + warnings;
}

class RunsCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("runs", "Lists runs, or shows one with its tasks");
    app->add_option("RUN", run_, "Run id");
    app->add_option("--limit", limit_, "How many, newest first")
        ->capture_default_str()
        ->option_text("N")
        ->check(CLI::Range(1, kMaxLimit));
    app->add_option("--job", job_, "Only of this job: key in the bundle here, or id")
        ->option_text("JOB");
    app->add_flag("--active", is_active_only_, "Only runs that have not ended");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    return run_.empty() ? list(invocation) : show(invocation);
  }

 private:
  Result<ExitStatus> show(const Invocation& invocation) const {
    const auto run_id = parse_id(run_, "run");
    if (!run_id) {
      return fail(run_id.error());
    }
    auto scheduler = PatientScheduler::connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto answer = get_run(*scheduler, *run_id);
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
    } else {
      print(run_text(read_run(*answer), object_at(*answer, "parameters")));
    }
    return ExitStatus::kSuccess;
  }

  Result<ExitStatus> list(const Invocation& invocation) const {
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    std::string filter = is_active_only_ ? "&active_only=true" : "";
    std::optional<std::int64_t> job_id;
    if (!job_.empty()) {
      const auto job = find_job(invocation, *scheduler, job_);
      if (!job) {
        return fail(job.error());
      }
      job_id = *job;
      filter += "&job_id=" + std::to_string(*job);
    }
    auto runs = fetch(*scheduler, filter);
    if (!runs) {
      return fail(runs.error());
    }
    if (job_id && runs->empty()) {
      // A job that was deleted still has its runs; one that never was has none and no record.
      const auto job = scheduler->get("/api/2.2/jobs/get?job_id=" + std::to_string(*job_id));
      if (!job) {
        return fail(job.error());
      }
    }
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"runs", std::move(*runs)}});
    } else {
      print(list_text(*runs));
    }
    return ExitStatus::kSuccess;
  }

  Result<boost::json::array> fetch(Scheduler& scheduler, const std::string& filter) const {
    boost::json::array runs;
    std::string before;
    while (static_cast<std::int64_t>(runs.size()) < limit_) {
      const std::int64_t missing = limit_ - static_cast<std::int64_t>(runs.size());
      const std::int64_t wanted = std::min(missing, kPage);
      const auto answer =
          scheduler.get("/api/sheaf/v1/runs?limit=" + std::to_string(wanted) + filter + before);
      if (!answer) {
        return fail(answer.error());
      }
      const auto& page = array_at(*answer, "runs");
      runs.insert(runs.end(), page.begin(), page.end());
      if (static_cast<std::int64_t>(page.size()) < wanted || !page.back().is_object()) {
        break;
      }
      before = "&before=" + std::to_string(number_at(page.back().get_object(), "run_id"));
    }
    return runs;
  }

  std::string run_;
  std::int64_t limit_ = 20;
  std::string job_;
  bool is_active_only_ = false;
};

}  // namespace

std::unique_ptr<Command> make_runs_command() {
  return std::make_unique<RunsCommand>();
}

}  // namespace sheaf::cli
