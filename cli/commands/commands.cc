// `sheaf commands`: the path of every command, for tests and completion; not in the help text.
#include "cli/commands/commands.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/console.h"

namespace sheaf::cli {
namespace {

void collect(const CLI::App& app, const std::string& path, std::vector<std::string>& paths) {
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string its_path = path + (path.empty() ? "" : " ") + command->get_name();
    paths.push_back(its_path);
    collect(*command, its_path, paths);
  }
}

class CommandsCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    root_ = &root;
    return root.add_subcommand("commands", "Lists every command")->group("");
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    std::vector<std::string> paths;
    collect(*root_, "", paths);
    if (invocation.wants_json()) {
      print_json(boost::json::value_from(paths));
      return ExitStatus::kSuccess;
    }
    for (const std::string& path : paths) {
      print(path + "\n");
    }
    return ExitStatus::kSuccess;
  }

 private:
  const CLI::App* root_ = nullptr;
};

}  // namespace

std::unique_ptr<Command> make_commands_command() {
  return std::make_unique<CommandsCommand>();
}

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_up_command());
  commands.push_back(make_auth_command());
  commands.push_back(make_init_command());
  commands.push_back(make_doctor_command());
  commands.push_back(make_validate_command());
  commands.push_back(make_plan_command());
  commands.push_back(make_deploy_command());
  commands.push_back(make_rollback_command());
  commands.push_back(make_destroy_command());
  commands.push_back(make_summary_command());
  commands.push_back(make_run_command());
  commands.push_back(make_runs_command());
  commands.push_back(make_why_command());
  commands.push_back(make_logs_command());
  commands.push_back(make_cancel_command());
  commands.push_back(make_repair_command());
  commands.push_back(make_delete_command());
  commands.push_back(make_schedules_command());
  commands.push_back(make_hooks_command());
  commands.push_back(make_pools_command());
  commands.push_back(make_cron_command());
  commands.push_back(make_graph_command());
  commands.push_back(make_schema_command());
  commands.push_back(make_commands_command());
  return commands;
}

}  // namespace sheaf::cli
