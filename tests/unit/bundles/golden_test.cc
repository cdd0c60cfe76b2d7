// Whole bundles against what the loader says of them: tests/bundles/malformed/<case>/expected.txt
// holds diagnostics, tests/bundles/good/<case>/expected.json the jobs. SHEAF_REWRITE=1 writes the
// expectations anew; the difference is for review. A case may set the target, variables, the
// environment, strictness, the folder to start in and more in load_options.yml. Which rules of the
// language a case is about stands in tests/bundles/rules.yml.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "bundles/diagnostic_text.h"
#include "bundles/json_text.h"
#include "bundles/loader.h"
#include "bundles/yaml_reader.h"

namespace sheaf::bundles {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Value parsed(const std::string& text) {
  SourceFiles files;
  Findings findings(files, false);
  return read_yaml(text, files.add("text"), findings).value_or(Value{});
}

LoadOptions options_of(const fs::path& folder) {
  LoadOptions options{.start_folder = folder,
                      .target = {},
                      .variables = {},
                      .environment = {},
                      .user_name = "ann.b@example.org",
                      .is_strict = false,
                      .is_portable = false,
                      .now = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1)};
  const Value given = parsed(text_of(folder / "load_options.yml"));
  options.start_folder /= text_at(given, "folder").value_or("");
  options.target = text_at(given, "target").value_or("");
  options.allows_unsupported = find(given, "allow_unsupported") != nullptr;
  options.is_strict = find(given, "strict") != nullptr;
  for (const char* list : {"variables", "environment"}) {
    const Value* entries = find(given, list);
    for (const Member& entry : entries == nullptr ? std::vector<Member>{} : entries->members) {
      options.variables.emplace_back(entry.key, entry.value.text);
      if (std::string(list) == "environment") {
        options.variables.pop_back();
        options.environment.emplace(entry.key, entry.value.text);
      }
    }
  }
  return options;
}

std::string diagnostics_of(const LoadedBundle& bundle) {
  std::string text;
  for (const Diagnostic& diagnostic : bundle.diagnostics) {
    text += (text.empty() ? "" : "\n") + to_text(diagnostic);
  }
  return text;
}

using Names = std::vector<std::string>;

// Only what a bundle has.
void put_list(Value& summary, const std::string& key, const Names& texts) {
  for (const std::string& text : texts) {
    Value& list =
        find(summary, key) == nullptr ? put(summary, key, make_list()) : *find(summary, key);
    list.items.push_back(make_string(text));
  }
}

Names scripts_of(const LoadedBundle& bundle) {
  Names texts;
  for (const Script& script : bundle.scripts.named) {
    texts.push_back(script.name + ": " + script.content);
  }
  for (const Script& script : bundle.scripts.moments) {
    texts.push_back("at " + script.name + ": " + script.content);
  }
  return texts;
}

std::string jobs_of(const LoadedBundle& bundle) {
  Value summary = make_map();
  put(summary, "name", make_string(bundle.name));
  put(summary, "target", make_string(bundle.target));
  put(summary, "file_path", make_string(bundle.workspace.file_path));
  Value& jobs = put(summary, "jobs", make_map());
  for (const JobResource& job : bundle.jobs) {
    put(jobs, job.key, parsed(job.settings_json));
  }
  put_list(summary, "skipped", bundle.skipped);
  put_list(summary, "sync_paths", bundle.sync.paths == Names{""} ? Names{} : bundle.sync.paths);
  put_list(summary, "sync_include", bundle.sync.include);
  put_list(summary, "sync_exclude", bundle.sync.exclude);
  put_list(summary, "scripts", scripts_of(bundle));
  Value& paused = put(summary, "paused_by_development", make_list());
  for (const std::string& key : bundle.paused_by_development) {
    paused.items.push_back(make_string(key));
  }
  Value& diagnostics = put(summary, "diagnostics", make_list());
  for (const Diagnostic& diagnostic : bundle.diagnostics) {
    diagnostics.items.push_back(make_string(to_text(diagnostic)));
  }
  return to_indented_json(summary);
}

void compare(const fs::path& expected, const std::string& found) {
  if (std::getenv("SHEAF_REWRITE") != nullptr) {
    std::ofstream(expected) << found;
  }
  EXPECT_EQ(text_of(expected), found) << expected << ": rewrite with SHEAF_REWRITE=1";
}

std::vector<std::string> cases_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

class MalformedBundle : public testing::TestWithParam<std::string> {};

TEST_P(MalformedBundle, IsRefusedAtItsPlace) {
  const fs::path folder = fs::path("tests/bundles/malformed") / GetParam();
  const LoadedBundle bundle = load_bundle(options_of(folder));
  EXPECT_TRUE(bundle.has_errors());
  compare(folder / "expected.txt", diagnostics_of(bundle));
}

class GoodBundle : public testing::TestWithParam<std::string> {};

TEST_P(GoodBundle, LoadsToItsJobs) {
  const fs::path folder = fs::path("tests/bundles/good") / GetParam();
  const LoadedBundle bundle = load_bundle(options_of(folder));
  EXPECT_FALSE(bundle.has_errors()) << diagnostics_of(bundle);
  compare(folder / "expected.json", jobs_of(bundle));
}

INSTANTIATE_TEST_SUITE_P(All,
                         MalformedBundle,
                         testing::ValuesIn(cases_in("tests/bundles/malformed")),
                         [](const auto& tested) { return tested.param; });
INSTANTIATE_TEST_SUITE_P(All,
                         GoodBundle,
                         testing::ValuesIn(cases_in("tests/bundles/good")),
                         [](const auto& tested) { return tested.param; });

TEST(Examples, WineRetrainingLoadsWithoutAWord) {
  for (const char* target : {"dev", "prod"}) {
    LoadOptions options = options_of("examples/wine_retraining");
    options.target = target;
    const LoadedBundle bundle = load_bundle(options);
    EXPECT_EQ(diagnostics_of(bundle), "") << target;
    ASSERT_EQ(bundle.jobs.size(), 1u);
    EXPECT_EQ(bundle.jobs[0].settings.tasks.size(), 5u);
  }
}

}  // namespace
}  // namespace sheaf::bundles
