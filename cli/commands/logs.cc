// `sheaf logs RUN [TASK]`: what attempts wrote.
#include <algorithm>
#include <fstream>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "bundles/utf8.h"
#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/log_follower.h"
#include "cli/run_watch.h"
#include "cli/task_tree.h"

namespace sheaf::cli {
namespace {

struct ChosenLog {
  const TaskView* task = nullptr;
  const AttemptView* attempt = nullptr;
};

Result<boost::json::object> log_object(PatientScheduler& scheduler, const ChosenLog& chosen) {
  std::string output;
  std::string errors;
  const auto add_to = [](std::string& text) {
    return [&text](std::string_view bytes) { text += bytes; };
  };
  auto drained = drain_log(scheduler, *chosen.attempt, LogStream::kStandardOutput, add_to(output));
  if (drained) {
    drained = drain_log(scheduler, *chosen.attempt, LogStream::kStandardError, add_to(errors));
  }
  if (!drained) {
    return fail(drained.error());
  }
  return boost::json::object{{"task_key", chosen.task->key},
                             {"run_id", chosen.attempt->run_id},
                             {"attempt_number", chosen.attempt->number},
                             {"stdout", bundles::valid_text(output)},
                             {"stderr", bundles::valid_text(errors)}};
}

class LogsCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("logs", "Shows what the tasks of a run wrote");
    app->add_option("RUN", run_, "Run id")->required();
    app->add_option("TASK", choice_.task, "Only this task; its stderr goes to stderr");
    app->add_flag("-f,--follow", follows_, "Go on until the run has ended");
    app->add_option("--attempt", choice_.attempt, "This attempt, from 0; default: the last one")
        ->option_text("N")
        ->check(CLI::NonNegativeNumber);
    app->add_option("--notebook", notebook_, "Put the executed notebook of TASK there, as HTML")
        ->option_text("FILE")
        ->needs("TASK");
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
    if (auto checked = check_choice(*scheduler, *run_id); !checked) {
      return fail(checked.error());
    }
    if (follows_ && !invocation.wants_json()) {
      auto followed = LogFollower(*scheduler, choice_).follow(*run_id);
      if (followed) {
        followed = check_choice(*scheduler, *run_id);
      }
      return followed ? Result<ExitStatus>(ExitStatus::kSuccess) : fail(followed.error());
    }
    if (follows_) {
      const auto ended =
          watch_run(*scheduler, *run_id, [](const RunView&) { return Milliseconds{20'000}; });
      if (!ended) {
        return fail(ended.error());
      }
    }
    return show(invocation, *scheduler, *run_id);
  }

 private:
  /// The task must be there; so must the attempt, once none can come any more.
  Result<void> check_choice(PatientScheduler& scheduler, std::int64_t run_id) const {
    const auto answer = get_run(scheduler, run_id);
    if (!answer) {
      return fail(answer.error());
    }
    const RunView run = read_run(*answer);
    const bool has_task =
        choice_.task.empty() ||
        std::ranges::find(run.tasks, choice_.task, &TaskView::key) != run.tasks.end();
    if (!has_task) {
      return fail(ErrorCode::kNotFound,
                  "run " + run_ + " has no task `" + choice_.task + "`; it has: " + keys_of(run));
    }
    const bool has_attempt = std::ranges::any_of(run.tasks, [this](const TaskView& task) {
      return chosen_attempt(task, choice_) != nullptr;
    });
    if (choice_.attempt && has_ended(run) && !has_attempt) {
      return fail(ErrorCode::kNotFound, attempts_text(run));
    }
    return {};
  }

  static std::string keys_of(const RunView& run) {
    std::string keys;
    for (const TaskView& task : run.tasks) {
      keys += (keys.empty() ? "" : ", ") + task.key;
    }
    return keys;
  }

  /// "run 23 has attempts 0–2", of its task if one was named.
  std::string attempts_text(const RunView& run) const {
    std::optional<std::int64_t> last;
    for (const TaskView& task : run.tasks) {
      if (choice_.task.empty() || task.key == choice_.task) {
        const AttemptView* attempt = last_attempt(task);
        last = attempt == nullptr ? last : std::max(last.value_or(0), attempt->number);
      }
    }
    const std::string subject =
        choice_.task.empty() ? "run " + run_ : "task `" + choice_.task + "` of run " + run_;
    return subject + (last ? " has attempts 0–" + std::to_string(*last) : " has no attempts");
  }

  Result<ExitStatus> show(const Invocation& invocation,
                          PatientScheduler& scheduler,
                          std::int64_t run_id) const {
    const auto answer = get_run(scheduler, run_id);
    if (!answer) {
      return fail(answer.error());
    }
    const RunView run = read_run(*answer);
    std::vector<ChosenLog> chosen;
    for (const std::size_t index : tree_order(run.tasks)) {
      if (const AttemptView* attempt = chosen_attempt(run.tasks[index], choice_)) {
        chosen.push_back({.task = &run.tasks[index], .attempt = attempt});
      }
    }
    if (chosen.empty()) {
      say(has_ended(run) ? "Nothing was written: no task was started."
                         : "Nothing was written: no such attempt yet.");
    }
    if (!notebook_.empty() && !chosen.empty()) {
      return write_notebook(invocation, scheduler, *chosen.front().attempt);
    }
    auto written = invocation.wants_json() ? print_all_as_json(scheduler, chosen)
                                           : print_all(scheduler, chosen);
    return written ? Result<ExitStatus>(ExitStatus::kSuccess) : fail(written.error());
  }

  Result<ExitStatus> write_notebook(const Invocation& invocation,
                                    PatientScheduler& scheduler,
                                    const AttemptView& attempt) const {
    const auto answer = scheduler.send(
        {.method = "GET",
         .path = "/api/sheaf/v1/attempts/" + std::to_string(attempt.run_id) + "/notebook"});
    if (!answer) {
      return fail(answer.error());
    }
    const auto file = invocation.surroundings.absolute(notebook_);
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text_at(*answer, "html");
    stream.close();
    if (!stream) {
      return fail(ErrorCode::kInvalid, "cannot write " + file.string());
    }
    say("The notebook is in " + file.string());
    return ExitStatus::kSuccess;
  }

  Result<void> print_all(PatientScheduler& scheduler, const std::vector<ChosenLog>& chosen) const {
    for (const ChosenLog& log : chosen) {
      if (!choice_.task.empty()) {
        return print_raw(scheduler, *log.attempt);
      }
      print(heading_of(*log.task, *log.attempt));
      for (const LogStream stream : {LogStream::kStandardOutput, LogStream::kStandardError}) {
        if (auto printed = print_log(scheduler, *log.attempt, stream); !printed) {
          return printed;
        }
      }
    }
    return {};
  }

  static Result<void> print_raw(PatientScheduler& scheduler, const AttemptView& attempt) {
    auto drained = drain_log(scheduler, attempt, LogStream::kStandardOutput, &print);
    if (!drained) {
      return drained;
    }
    return drain_log(scheduler, attempt, LogStream::kStandardError, &print_errors);
  }

  static Result<void> print_all_as_json(PatientScheduler& scheduler,
                                        const std::vector<ChosenLog>& chosen) {
    boost::json::array logs;
    for (const ChosenLog& log : chosen) {
      auto object = log_object(scheduler, log);
      if (!object) {
        return fail(object.error());
      }
      logs.push_back(std::move(*object));
    }
    print_json(boost::json::object{{"logs", std::move(logs)}});
    return {};
  }

  std::string run_;
  LogChoice choice_;
  std::string notebook_;
  bool follows_ = false;
};

}  // namespace

std::unique_ptr<Command> make_logs_command() {
  return std::make_unique<LogsCommand>();
}

}  // namespace sheaf::cli
