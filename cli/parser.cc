#include "cli/parser.h"

#include <algorithm>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>

#include "cli/command.h"
#include "cli/console.h"
#include "cli/exit_status.h"

namespace sheaf::cli {
namespace {

constexpr const char* kDescription =
    "Runs asset bundles (databricks.yml) on machines that you own.";
constexpr const char* kFooter =
    "Options of `sheaf` may stand before or after the command.\n"
    "Exit status: 0 success, 1 the run failed, 2 usage, configuration or refused by the "
    "scheduler,\n"
    "3 the scheduler cannot be reached.";

void declare_options(CLI::App& root, GlobalOptions& options) {
  static const std::map<std::string, OutputFormat> kFormats{{"text", OutputFormat::kText},
                                                            {"json", OutputFormat::kJson}};
  root.add_option("-o,--output", options.output, "Output: text or json")
      ->transform(CLI::CheckedTransformer(kFormats))
      ->option_text("text|json");
  root.add_option("--data", options.data, "Data folder of `sheaf up` on this machine")
      ->option_text("DIR");
  root.add_option("-t,--target", options.target, "Target of the bundle")->option_text("NAME");
  root.add_option("--var", options.variables, "Value of a bundle variable; may be repeated")
      ->option_text("NAME=VALUE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  root.add_flag("--strict", options.is_strict, "Take warnings about the bundle as errors");
  root.add_flag("--allow-unsupported",
                options.allows_unsupported,
                "Leave out, with a warning, what Sheaf cannot deploy");
  root.add_option("--bundle", options.bundle, "Folder of the bundle, or below it")
      ->option_text("DIR");
  root.add_option(
          "-p,--profile", options.profile, "Profile whose host must be an enrolled endpoint")
      ->option_text("NAME");
}

int finish(const CLI::App& root, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const bool is_answer = root.exit(error, out, err) == 0;
  print(out.str());
  if (is_answer) {
    return static_cast<int>(ExitStatus::kSuccess);
  }
  print_errors(err.str());
  return static_cast<int>(ExitStatus::kRefused);
}

int run_command(int argc, const char* const* argv, Surroundings surroundings) {
  Invocation invocation{.surroundings = std::move(surroundings), .options = {}};
  CLI::App root(kDescription, "sheaf");
  root.set_version_flag("--version", SHEAF_VERSION);
  root.footer(kFooter);
  root.require_subcommand(1);
  root.fallthrough();
  declare_options(root, invocation.options);
  const auto commands = make_commands();
  std::vector<const CLI::App*> apps;
  for (const auto& command : commands) {
    apps.push_back(command->declare(root));
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return finish(root, error);
  }
  const auto met = std::ranges::find_if(apps, [](const CLI::App* app) { return app->parsed(); });
  const auto status = commands[static_cast<std::size_t>(met - apps.begin())]->run(invocation);
  if (!status) {
    say("Error: " + printable_lines(status.error().message));
    return static_cast<int>(exit_status_of(status.error().code));
  }
  return static_cast<int>(*status);
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Surroundings surroundings) {
  const int status = run_command(argc, argv, std::move(surroundings));
  const bool is_written = flush_output();
  return status == 0 && !is_written ? static_cast<int>(ExitStatus::kRefused) : status;
}

}  // namespace sheaf::cli
