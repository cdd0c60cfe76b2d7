#include "bundles/git_details.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/os/program.h"

namespace sheaf::bundles {

namespace {

bool refers_to_git(const Value& value) {
  return value.text.find("${bundle.git.") != std::string::npos ||
         std::ranges::any_of(value.items, refers_to_git) ||
         std::ranges::any_of(value.members,
                             [](const Member& member) { return refers_to_git(member.value); });
}

// The first line that git answers; empty when it has no answer.
std::string ask_git(const std::filesystem::path& root, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "git");
  const auto result = os::run_program({.command = std::move(arguments),
                                       .folder = root,
                                       .environment = {"LC_ALL=C", "GIT_DIR", "GIT_WORK_TREE"}});
  if (!result || result->exit_status != 0) {
    return {};
  }
  return result->standard_output.substr(0, result->standard_output.find('\n'));
}

}  // namespace

void fill_git_details(Value& configuration, const std::filesystem::path& root) {
  Value* bundle = find(configuration, "bundle");
  if (bundle == nullptr || !bundle->is_map() || !refers_to_git(configuration)) {
    return;
  }
  Value* git = find(*bundle, "git");
  if (git == nullptr || !git->is_map()) {
    git = &put(*bundle, "git", make_map(bundle->place));
  }
  const std::vector<std::pair<std::string, std::vector<std::string>>> questions = {
      {"branch", {"symbolic-ref", "--short", "-q", "HEAD"}},
      {"commit", {"rev-parse", "HEAD"}},
      {"origin_url", {"config", "--get", "remote.origin.url"}}};
  for (const auto& [field, arguments] : questions) {
    const std::string answer =
        find(*git, field) == nullptr ? ask_git(root, arguments) : std::string();
    if (!answer.empty()) {
      put(*git, field, make_string(answer, bundle->place));
    }
  }
}

}  // namespace sheaf::bundles
