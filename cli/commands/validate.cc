// `sheaf validate`: loads and checks the bundle; speaks to nobody.
#include <CLI/CLI.hpp>

#include "cli/bundle_folder.h"
#include "cli/commands/commands.h"
#include "cli/console.h"

namespace sheaf::cli {
namespace {

class ValidateCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app =
        root.add_subcommand("validate", "Checks the bundle; with -o json prints it resolved");
    app->add_flag("--portable", is_portable_, "Take what only Sheaf understands as an error");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    Invocation checking = invocation;
    checking.options.is_portable = is_portable_;
    const auto bundle = load_bundle(checking);
    if (!bundle) {
      return fail(bundle.error());
    }
    say_findings(invocation, *bundle);
    if (invocation.wants_json()) {
      const std::string& text = bundle->configuration_json;
      print(text.empty() ? "{}\n" : text + (text.ends_with('\n') ? "" : "\n"));
    } else {
      print_verdict(*bundle);
    }
    return bundle->has_errors() ? ExitStatus::kRefused : ExitStatus::kSuccess;
  }

 private:
  static void print_verdict(const bundles::LoadedBundle& bundle) {
    std::string text;
    if (!bundle.name.empty()) {
      text += "Name: " + printable(bundle.name) + "\n";
    }
    if (!bundle.target.empty()) {
      const std::string_view mode = bundles::to_string(bundle.mode);
      text += "Target: " + printable(bundle.target) +
              (mode.empty() ? "" : " (mode: " + std::string(mode) + ")") + "\n";
    }
    if (!bundle.workspace.root_path.empty()) {
      text += "Workspace: user " + printable(bundle.user_name) + ", path " +
              printable(bundle.workspace.root_path) + "\n";
    }
    text += text.empty() ? "" : "\n";
    print(text +
          (bundle.diagnostics.empty() ? "Validation OK!" : "Found " + count_findings(bundle)) +
          "\n");
  }

  bool is_portable_ = false;
};

}  // namespace

std::unique_ptr<Command> make_validate_command() {
  return std::make_unique<ValidateCommand>();
}

}  // namespace sheaf::cli
