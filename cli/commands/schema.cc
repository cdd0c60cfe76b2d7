// `sheaf schema`: the JSON Schema of a bundle's files; speaks to nobody.
#include "bundles/schema.h"

#include <CLI/CLI.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"

namespace sheaf::cli {
namespace {

class SchemaCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    return root.add_subcommand("schema", "Prints the JSON Schema of bundles, for editors");
  }

  Result<ExitStatus> run(const Invocation& /*invocation*/) override {
    print(bundles::bundle_schema());
    return ExitStatus::kSuccess;
  }
};

}  // namespace

std::unique_ptr<Command> make_schema_command() {
  return std::make_unique<SchemaCommand>();
}

}  // namespace sheaf::cli
