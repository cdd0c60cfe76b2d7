// `sheaf init`: a bundle that runs as it is.
#include <algorithm>
#include <cctype>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>

#include "cli/commands/commands.h"
#include "cli/console.h"
#include "cli/templates.h"
#include "common/os/digest.h"
#include "common/os/file.h"

namespace sheaf::cli {
namespace {

constexpr std::size_t kMaxNameLength = 60;
constexpr std::size_t kDigestLength = 6;

/// A folder's name as a bundle's and a package's: its letters of ASCII, digits, `_` and `-`; others
/// become one `_`. Where much of it is lost that way, a digest keeps the names of folders apart.
std::string bundle_name(const std::filesystem::path& path) {
  const std::string folder = path.filename().string();
  std::string name;
  for (const char byte : folder) {
    const auto letter = static_cast<unsigned char>(byte);
    const bool is_kept = letter < 0x80 && (std::isalnum(letter) != 0 || letter == '-');
    if (is_kept || (!name.empty() && name.back() != '_')) {
      name += is_kept ? byte : '_';
    }
  }
  const bool is_foreign =
      std::ranges::any_of(folder, [](unsigned char letter) { return letter >= 0x80; });
  if (name.empty() || is_foreign || name.size() > kMaxNameLength) {
    name.resize(std::min(name.size(), kMaxNameLength));
    name = (name.empty() ? "bundle" : name) + "-" + os::sha256_hex(folder).substr(0, kDigestLength);
  }
  return name;
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

Result<void> make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return fail(ErrorCode::kInvalid, folder.string() + ": " + error.message());
  }
  return {};
}

Result<void> check_absent(const std::filesystem::path& folder,
                          const std::vector<TemplateFile>& files) {
  for (const TemplateFile& file : files) {
    std::error_code ignored;
    if (std::filesystem::exists(folder / file.path, ignored)) {
      return fail(ErrorCode::kConflict,
                  (folder / file.path).string() + " exists already; nothing was written");
    }
  }
  return {};
}

std::string template_names() {
  std::string names;
  for (const Template& known : templates()) {
    names += (names.empty() ? "" : ", ") + std::string(known.name);
  }
  return names;
}

class InitCommand final : public Command {
 public:
  CLI::App* declare(CLI::App& root) override {
    CLI::App* app = root.add_subcommand("init", "Writes a bundle that runs as it is");
    app->add_option("DIR", folder_, "Folder of the new bundle")->capture_default_str();
    app->add_option("--template", template_, "What to begin with")
        ->capture_default_str()
        ->option_text("NAME");
    app->add_flag("--list", is_list_, "Lists the templates and writes nothing");
    return app;
  }

  Result<ExitStatus> run(const Invocation& invocation) override {
    if (is_list_) {
      list(invocation);
      return ExitStatus::kSuccess;
    }
    const Template* chosen = find_template(template_);
    if (chosen == nullptr) {
      return fail(ErrorCode::kInvalid,
                  "there is no template `" + template_ + "`; there are: " + template_names());
    }
    auto folder = invocation.surroundings.absolute(folder_);
    folder = folder.has_filename() ? folder : folder.parent_path();
    // Quoted: a folder may be called 2026, which YAML would read as a number.
    const auto files = files_of(*chosen, "\"" + bundle_name(folder) + "\"");
    if (auto absent = check_absent(folder, files); !absent) {
      return fail(absent.error());
    }
    boost::json::array created;
    for (const TemplateFile& file : files) {
      const auto path = folder / file.path;
      if (auto made = make_folder(path.parent_path()); !made) {
        return fail(made.error());
      }
      if (auto written = os::replace_file(path, file.text, 0644); !written) {
        return fail(written.error());
      }
      created.emplace_back(path.string());
    }
    report(invocation, created, folder, *chosen);
    return ExitStatus::kSuccess;
  }

 private:
  static void list(const Invocation& invocation) {
    Table table({"TEMPLATE", "WHAT IT IS"});
    boost::json::array all;
    for (const Template& known : templates()) {
      table.add({std::string(known.name), std::string(known.description)});
      all.push_back({{"name", known.name}, {"description", known.description}});
    }
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"templates", std::move(all)}});
    } else {
      print(table.text());
    }
  }

  static void report(const Invocation& invocation,
                     const boost::json::array& created,
                     const std::filesystem::path& folder,
                     const Template& chosen) {
    if (invocation.wants_json()) {
      print_json(boost::json::object{{"created", created}});
      return;
    }
    for (const auto& path : created) {
      print("Created " + std::string(path.get_string()) + "\n");
    }
    print("Next: cd " + quoted_for_shell(folder.string()) + " && sheaf deploy && sheaf run " +
          std::string(chosen.job) + "\n");
  }

  std::string folder_ = ".";
  std::string template_{templates().front().name};
  bool is_list_ = false;
};

}  // namespace

std::unique_ptr<Command> make_init_command() {
  return std::make_unique<InitCommand>();
}

}  // namespace sheaf::cli
