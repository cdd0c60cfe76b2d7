// `sheaf rollback`: deploys a version of before once more, all of it or nothing.
#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/deployment.h"
#include "cli/json_reading.h"

namespace sheaf::cli {
namespace {

std::string joined_keys(const boost::json::object& version) {
  std::string keys;
  for (const auto& key : array_at(version, "jobs")) {
    if (key.is_string()) {
      keys += (keys.empty() ? "" : ", ") + std::string(key.get_string());
    }
  }
  return keys;
}

class RollbackCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand(
        "rollback", "Deploys the version before again: its settings, its files");
    app->add_option("--to", version_, "Version; the one before the current where absent")
        ->option_text("VERSION")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}));
    app->add_flag("--list", lists_, "Show the versions and change nothing")->excludes("--to");
    return app;
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
    return lists_ ? list(invocation, *scheduler, *name) : roll_back(invocation, *scheduler, *name);
  }

 private:
  static Result<ExitStatus> list(const Invocation& invocation,
                                 Scheduler& scheduler,
                                 const DeploymentName& name) {
    const auto answer = scheduler.get(name.path() + "/versions");
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
      return ExitStatus::kSuccess;
    }
    Table table({"VERSION", "DEPLOYED", "BY", "FILES", "JOBS"});
    for (const auto& entry : array_at(*answer, "versions")) {
      const auto& version = entry.get_object();
      table.add({std::to_string(number_at(version, "version")),
                 time_text(number_at(version, "deployed_time")),
                 text_at(version, "deployed_by"),
                 text_at(version, "manifest_digest").substr(0, 12),
                 joined_keys(version)});
    }
    print(table.text());
    return ExitStatus::kSuccess;
  }

  Result<ExitStatus> roll_back(const Invocation& invocation,
                               Scheduler& scheduler,
                               const DeploymentName& name) const {
    boost::json::object body;
    if (version_ > 0) {
      body["version"] = version_;
    }
    const auto answer = scheduler.post(name.path() + "/rollback", body);
    if (!answer) {
      return fail(answer.error());
    }
    if (invocation.wants_json()) {
      print_json(*answer);
      return ExitStatus::kSuccess;
    }
    print(changes_text(*answer) + "Bundle " + printable(name.bundle) + ", target " +
          printable(name.target) + " is at version " +
          std::to_string(number_at(*answer, "version")) + "\n");
    return ExitStatus::kSuccess;
  }

  std::int64_t version_ = 0;
  bool lists_ = false;
};

}  // namespace

std::unique_ptr<Command> make_rollback_command() {
  return std::make_unique<RollbackCommand>();
}

}  // namespace sheaf::cli
