// `sheaf run JOB`: starts a run and follows it to its end.
#include <algorithm>
#include <array>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <sys/random.h>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/local_script.h"
#include "cli/run_follow.h"

namespace sheaf::cli {
namespace {

/// Makes run-now safe to repeat: the scheduler answers the same run for the same token.
Result<std::string> make_idempotency_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return fail(ErrorCode::kInternal, "the system gives no random bytes");
  }
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string token = "cli-";
  for (const unsigned char byte : bytes) {
    token += kHex[byte >> 4U];
    token += kHex[byte & 0xFU];
  }
  return token;
}

class RunCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("run", "Starts a run of a job and follows it to its end");
    app->add_option("JOB", job_, "Key of a job of the bundle here, a job id, or one of its scripts")
        ->required();
    app->add_option("--params", parameters_, "Value of a job parameter; may be repeated")
        ->option_text("NAME=VALUE")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app->add_option(
           "--only", only_, "Run this task only; +TASK with all before it, TASK+ behind it")
        ->option_text("TASK")
        ->expected(1)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    app->add_flag("--no-wait", does_not_wait_, "Return once the run is accepted");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    if (const auto status = run_as_script(invocation)) {
      return *status;
    }
    const auto parameters = parse_pairs(parameters_, "--params");
    if (!parameters) {
      return fail(parameters.error());
    }
    auto lookup = connect(invocation);
    if (!lookup) {
      return fail(lookup.error());
    }
    const auto job = find_job(invocation, *lookup, job_);
    if (!job) {
      return fail(job.error().code, job.error().message + scripts_text(invocation));
    }
    auto scheduler = PatientScheduler::over(invocation, std::move(*lookup));
    const auto accepted = start(scheduler, *job, *parameters, only_);
    if (!accepted) {
      return fail(accepted.error());
    }
    const std::int64_t run_id = number_at(*accepted, "run_id");
    const std::string id = std::to_string(run_id);
    say("Run " + id + ": `sheaf runs " + id + "` shows it, `sheaf logs " + id + " -f` its output");
    if (does_not_wait_) {
      invocation.wants_json() ? print_json(*accepted) : print(std::to_string(run_id) + "\n");
      return ExitStatus::kSuccess;
    }
    return follow_run(invocation, scheduler, run_id);
  }

 private:
  /// What else could have been meant: "; scripts: lint, report".
  static std::string scripts_text(const Invocation& invocation) {
    std::string names;
    if (const auto bundle = load_deployed_bundle(invocation)) {
      for (const bundles::Script& script : bundle->scripts.named) {
        names += (names.empty() ? "; scripts: " : ", ") + script.name;
      }
    }
    return names;
  }

  /// Nullopt where the bundle here has a job of this name, or no script.
  [[nodiscard]] std::optional<Result<ExitStatus>> run_as_script(
      const Invocation& invocation) const {
    const auto bundle = load_deployed_bundle(invocation);
    if (!bundle ||
        std::ranges::find(bundle->jobs, job_, &bundles::JobResource::key) != bundle->jobs.end()) {
      return std::nullopt;
    }
    const auto script = std::ranges::find(bundle->scripts.named, job_, &bundles::Script::name);
    if (script == bundle->scripts.named.end()) {
      return std::nullopt;
    }
    if (!parameters_.empty() || !only_.empty() || does_not_wait_ || invocation.wants_json()) {
      return fail(
          ErrorCode::kInvalid,
          "`" + job_ + "` is a script: it takes no --params, --only, --no-wait and -o json");
    }
    if (bundle->has_errors()) {
      say_findings(invocation, *bundle);
      return fail(ErrorCode::kInvalid,
                  "the bundle has " + count_findings(*bundle) + "; the script was not run");
    }
    const auto status = run_script(*script, bundle->root, ScriptOutput::kStdout);
    if (!status) {
      return fail(status.error());
    }
    return *status == 0 ? ExitStatus::kSuccess : ExitStatus::kRunFailed;
  }

  static Result<boost::json::object> start(PatientScheduler& scheduler,
                                           std::int64_t job,
                                           const model::NamedStrings& parameters,
                                           const std::vector<std::string>& only) {
    const auto token = make_idempotency_token();
    if (!token) {
      return fail(token.error());
    }
    boost::json::object values;
    for (const auto& [name, value] : parameters) {
      values[name] = value;
    }
    boost::json::object body{{"job_id", job}, {"idempotency_token", *token}};
    if (!values.empty()) {
      body["job_parameters"] = std::move(values);
    }
    if (!only.empty()) {
      body["only"] = boost::json::value_from(only);
    }
    return scheduler.send(
        {.method = "POST", .path = "/api/2.2/jobs/run-now", .body = boost::json::serialize(body)});
  }

  std::string job_;
  std::vector<std::string> parameters_;
  std::vector<std::string> only_;
  bool does_not_wait_ = false;
};

}  // namespace

std::unique_ptr<Command> make_run_command() {
  return std::make_unique<RunCommand>();
}

}  // namespace sheaf::cli
