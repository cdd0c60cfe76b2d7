// `sheaf init`: a small bundle that runs as it is.
#include <algorithm>
#include <array>
#include <cctype>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "common/os/file.h"

namespace sheaf::cli {
namespace {

constexpr std::string_view kRoot = R"(# A bundle: jobs, and the files that they need.
#
#   sheaf validate       checks it
#   sheaf deploy         puts it on the scheduler, all of it or nothing
#   sheaf run hello      runs the job below and shows what it does
bundle:
  name: @NAME@

# Where it may stand. Each target is a deployment of its own.
targets:
  dev:
    # Names get a prefix and schedules stand still, so that several people can work side by side.
    mode: development
    default: true

resources:
  jobs:
    hello:
      name: hello

      # Given at each start: sheaf run hello --params who=Ann
      parameters:
        - name: who
          default: world

      # Every night at half past two in Berlin. See the next fires: sheaf cron '0 30 2 * * ?' --zone Europe/Berlin
      schedule:
        quartz_cron_expression: 0 30 2 * * ?
        timezone_id: Europe/Berlin
        pause_status: PAUSED

      tasks:
        - task_key: greet
          # Any program of the worker.
          command_task:
            command: [echo, "Hello, {{job.parameters.who}}!"]

        - task_key: count
          # Starts once `greet` has succeeded, and again if it fails.
          depends_on:
            - task_key: greet
          max_retries: 1
          timeout_seconds: 60
          spark_python_task:
            python_file: src/count.py
            parameters: ["{{job.parameters.who}}"]
)";

constexpr std::string_view kScript =
    R"("""Counts the letters of the name and publishes the number for later tasks: {{tasks.count.values.letters}}."""

import sys

from sheaf_runtime import dbutils

name = sys.argv[1]
letters = sum(character.isalpha() for character in name)
dbutils.jobs.taskValues.set(key="letters", value=letters)
print(f"{name} has {letters} letters")
)";

constexpr std::string_view kIgnored = ".databricks/\n__pycache__/\n";

struct TemplateFile {
  std::string_view path;
  std::string contents;
};

/// A folder's name as a bundle's: letters, digits, `_` and `-`.
std::string bundle_name(const std::filesystem::path& folder) {
  std::string name = folder.filename().string();
  std::ranges::replace_if(
      name,
      [](unsigned char letter) {
        return std::isalnum(letter) == 0 && letter != '_' && letter != '-';
      },
      '_');
  return name.empty() ? "bundle" : name;
}

std::array<TemplateFile, 3> files_for(const std::filesystem::path& folder) {
  constexpr std::string_view kPlaceholder = "@NAME@";
  std::string root(kRoot);
  // Quoted: a folder may be called 2026, which YAML would read as a number.
  root.replace(root.find(kPlaceholder), kPlaceholder.size(), "\"" + bundle_name(folder) + "\"");
  return {{{.path = "databricks.yml", .contents = std::move(root)},
           {.path = "src/count.py", .contents = std::string(kScript)},
           {.path = ".gitignore", .contents = std::string(kIgnored)}}};
}

/// As one word of a shell's command.
std::string quoted_for_shell(const std::string& text) {
  const bool is_plain = std::ranges::all_of(text, [](unsigned char letter) {
    return letter > 0x7F || std::isalnum(letter) != 0 ||
           std::string_view("/._-+=:@%,").find(static_cast<char>(letter)) != std::string_view::npos;
  });
  if (is_plain) {
    return text;
  }
  std::string quoted = "'";
  for (const char letter : text) {
    quoted += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  return quoted + "'";
}

Result<void> make_folders(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder / "src", error);
  if (error) {
    return fail(ErrorCode::kInvalid, folder.string() + ": " + error.message());
  }
  return {};
}

class InitCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("init", "Writes a small bundle that runs as it is");
    app->add_option("DIR", folder_, "Folder of the new bundle")->capture_default_str();
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    auto folder = invocation.surroundings.absolute(folder_);
    folder = folder.has_filename() ? folder : folder.parent_path();
    const auto files = files_for(folder);
    for (const TemplateFile& file : files) {
      std::error_code ignored;
      if (std::filesystem::exists(folder / file.path, ignored)) {
        return fail(ErrorCode::kConflict,
                    (folder / file.path).string() + " exists already; nothing was written");
      }
    }
    if (auto made = make_folders(folder); !made) {
      return fail(made.error());
    }
    boost::json::array created;
    for (const TemplateFile& file : files) {
      const auto path = folder / file.path;
      if (auto written = os::replace_file(path, file.contents, 0644); !written) {
        return fail(written.error());
      }
      created.emplace_back(path.string());
    }
    report(invocation, created, folder);
    return ExitStatus::kSuccess;
  }

 private:
  static void report(const Invocation& invocation,
                     const boost::json::array& created,
                     const std::filesystem::path& folder) {
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"created", created}});
      return;
    }
    for (const auto& path : created) {
      print("Created " + std::string(path.get_string()) + "\n");
    }
    print("Next: cd " + quoted_for_shell(folder.string()) +
          " && sheaf deploy && sheaf run hello\n");
  }

  std::string folder_ = ".";
};

}  // namespace

std::unique_ptr<Command> make_init_command() {
  return std::make_unique<InitCommand>();
}

}  // namespace sheaf::cli
