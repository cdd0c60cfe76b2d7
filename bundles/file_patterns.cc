#include "bundles/file_patterns.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "common/os/program.h"

namespace sheaf::bundles {

namespace {

namespace fs = std::filesystem;

// Exit status of `git check-ignore` when nothing matches.
constexpr int kNoMatch = 1;

// In front of each name: a colon at its beginning would have a meaning of its own.
constexpr std::string_view kHere = "./";

// A repository of its own, in which nothing but the given patterns ignores anything.
class PatternFolder {
 public:
  PatternFolder() {
    std::error_code error;
    std::string pattern = fs::temp_directory_path(error) / "sheaf-patterns-XXXXXX";
    if (!error && ::mkdtemp(pattern.data()) != nullptr) {
      path_ = pattern;
    }
  }
  PatternFolder(const PatternFolder&) = delete;
  PatternFolder& operator=(const PatternFolder&) = delete;
  ~PatternFolder() {
    std::error_code error;
    if (!path_.empty()) {
      fs::remove_all(path_, error);
    }
  }

  Result<std::string> ask(const std::set<std::string>& names,
                          const std::vector<std::string>& patterns) const {
    if (path_.empty()) {
      return fail(ErrorCode::kInternal,
                  "cannot make a temporary folder for the patterns of `sync`");
    }
    const auto made = git({"init", "--quiet", "--template="}, "/dev/null");
    if (!made) {
      return fail(made.error());
    }
    const fs::path list = path_ / "names";
    if (!write_list(path_ / ".git/info/exclude", patterns, "", '\n') ||
        !write_list(list, names, kHere, '\0')) {
      return fail(ErrorCode::kInternal, "cannot write to " + path_.string());
    }
    return git({"-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin", "-z"}, list);
  }

 private:
  Result<std::string> git(std::vector<std::string> arguments, const fs::path& input) const {
    arguments.insert(arguments.begin(), "git");
    const auto result = os::run_program(
        {.command = arguments,
         .folder = path_,
         .environment = {"LC_ALL=C", "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"},
         .input_file = input});
    if (!result && result.error().code == ErrorCode::kNotFound) {
      return fail(ErrorCode::kNotFound, "the patterns of `sync` need git, which is not installed");
    }
    if (!result) {
      return fail(result.error());
    }
    if (result->exit_status != 0 && result->exit_status != kNoMatch) {
      return fail(ErrorCode::kInvalid,
                  "git cannot match the patterns of `sync`: " + result->standard_error);
    }
    return result->standard_output;
  }

  template <typename Texts>
  static bool write_list(const fs::path& path,
                         const Texts& texts,
                         std::string_view start,
                         char end) {
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    std::ofstream stream(path, std::ios::binary);
    for (const std::string& text : texts) {
      stream << start << text << end;
    }
    stream.close();
    return stream.good();
  }

  fs::path path_;
};

}  // namespace

Result<std::set<std::string>> match_patterns(const std::set<std::string>& names,
                                             const std::vector<std::string>& patterns) {
  std::set<std::string> matched;
  if (names.empty() || patterns.empty()) {
    return matched;
  }
  const Result<std::string> answer = PatternFolder().ask(names, patterns);
  if (!answer) {
    return fail(answer.error());
  }
  std::string_view rest = *answer;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\0'), rest.size());
    matched.emplace(rest.substr(0, end).substr(kHere.size()));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return matched;
}

}  // namespace sheaf::bundles
