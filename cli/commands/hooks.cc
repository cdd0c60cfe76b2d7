// `sheaf hooks`: inbound webhooks and their secrets, which go in and never come out.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "bundles/utf8.h"
#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/json_reading.h"
#include "cli/secret_input.h"

namespace sheaf::cli {
namespace {

Result<ExitStatus> list_hooks(const Invocation& invocation) {
  auto scheduler = connect(invocation);
  if (!scheduler) {
    return fail(scheduler.error());
  }
  const auto answer = scheduler->get("/api/sheaf/v1/hooks");
  if (!answer) {
    return fail(answer.error());
  }
  if (invocation.wants_json()) {
    print_json(*answer);
    return ExitStatus::kSuccess;
  }
  Table table({"JOB", "HOOK", "SIGNATURE", "SECRET", "URL"});
  for (const auto& entry : array_at(*answer, "hooks")) {
    if (entry.is_object()) {
      const auto& hook = entry.get_object();
      table.add({text_at(hook, "job_name"),
                 text_at(hook, "name"),
                 text_at(hook, "signature"),
                 text_at(hook, "secret"),
                 scheduler->endpoint().address.url() + text_at(hook, "url_path")});
    }
  }
  print(table.is_empty() ? "No hooks.\n" : table.text());
  return ExitStatus::kSuccess;
}

class HooksCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* hooks = root.add_subcommand("hooks", "Lists inbound webhooks, or sets a secret");
    hooks->require_subcommand(0, 1);
    hooks->add_subcommand("list", "Lists hooks");
    secret_ = hooks->add_subcommand(
        "secret", "Sets the secret of a hook, read from stdin unless --env names a variable");
    secret_->add_option("JOB", job_, "Key of the job in the bundle here, or a job id")->required();
    secret_->add_option("HOOK", hook_, "Name of the hook")->required();
    auto* from_stdin =
        secret_->add_flag("--from-stdin", reads_stdin_, "Read the secret from stdin");
    secret_->add_option("--env", variable_, "Environment variable that holds the secret")
        ->option_text("NAME")
        ->excludes(from_stdin);
    return hooks;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    return secret_->parsed() ? set_secret(invocation) : list_hooks(invocation);
  }

 private:
  Result<ExitStatus> set_secret(const Invocation& invocation) const {
    auto scheduler = connect(invocation);
    if (!scheduler) {
      return fail(scheduler.error());
    }
    const auto job = find_job(invocation, *scheduler, job_);
    if (!job) {
      return fail(job.error());
    }
    const auto secret = read_secret(invocation.surroundings);
    if (!secret) {
      return fail(secret.error());
    }
    if (!bundles::is_utf8(*secret)) {
      return fail(ErrorCode::kInvalid, "the secret is not UTF-8 text");
    }
    const auto answer =
        scheduler->send({.method = "PUT",
                         .path = "/api/sheaf/v1/hooks/" + std::to_string(*job) + "/" +
                                 http_client::percent_encoded(hook_) + "/secret",
                         .body = boost::json::serialize(boost::json::object{{"secret", *secret}})});
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"job_id", *job}, {"name", hook_}});
    } else {
      print("The secret of hook " + hook_ + " is set.\n");
    }
    return ExitStatus::kSuccess;
  }

  Result<std::string> read_secret(const Surroundings& surroundings) const {
    if (variable_.empty()) {
      return read_secret_from_stdin("Secret: ");
    }
    if (auto secret = surroundings.find(variable_)) {
      return *secret;
    }
    return fail(ErrorCode::kInvalid, "--env: the variable " + variable_ + " is not set");
  }

  CLI::App* secret_ = nullptr;
  std::string job_;
  std::string hook_;
  std::string variable_;
  bool reads_stdin_ = false;
};

}  // namespace

std::unique_ptr<Command> make_hooks_command() {
  return std::make_unique<HooksCommand>();
}

}  // namespace sheaf::cli
