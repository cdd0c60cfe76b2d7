// Hostile and broken bundles end in a precise error, within a second and 200 MB. Each is loaded in
// a process of its own, whose time and memory are told; the bounds are wide, since builds with
// sanitizers and busy machines take many times as much.
#include <chrono>
#include <string>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/bundles/bundle_folder.h"

namespace sheaf::bundles {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

constexpr double kMaxSeconds = kIsSanitized ? 60 : 4;
constexpr long kMaxMegabytes = kIsSanitized ? 1'000 : 250;

struct Outcome {
  std::string findings;
  double seconds = 0;
  long megabytes = 0;
};

std::string read_all(int descriptor) {
  std::string text;
  std::array<char, 65'536> buffer{};
  ssize_t count = 0;
  while ((count = ::read(descriptor, buffer.data(), buffer.size())) > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

Outcome load_apart(const LoadOptions& options) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const auto start = std::chrono::steady_clock::now();
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(kIsSanitized ? 120 : 30);
    const std::string text = all_of(load_bundle(options)).substr(0, 60'000);
    const ssize_t written = ::write(ends[1], text.data(), text.size());
    ::_exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  ::close(ends[1]);
  Outcome outcome{.findings = read_all(ends[0])};
  ::close(ends[0]);
  int status = 0;
  rusage usage{};
  EXPECT_EQ(::wait4(child, &status, 0, &usage), child);
  EXPECT_EQ(status, 0) << "the loader ended by itself";
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  outcome.megabytes = usage.ru_maxrss / 1024;
  return outcome;
}

void expect_refused(const BundleFolder& folder, const std::string& reason) {
  const Outcome outcome = load_apart(folder.options());
  EXPECT_NE(outcome.findings.find(reason), std::string::npos) << outcome.findings.substr(0, 2'000);
  EXPECT_NE(outcome.findings.find("Error: "), std::string::npos);
  EXPECT_LT(outcome.seconds, kMaxSeconds) << reason;
  EXPECT_LT(outcome.megabytes, kMaxMegabytes) << reason;
  testing::Test::RecordProperty("seconds", std::to_string(outcome.seconds));
  testing::Test::RecordProperty("megabytes", std::to_string(outcome.megabytes));
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) {
    all += text;
  }
  return all;
}

TEST(HostileBundle, AnAliasBombIsRefused) {
  BundleFolder folder;
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            repeated(before + ", ", 9) + before + "]\n";
  }
  folder.with_root(bomb + a_job());
  expect_refused(folder, "more than 200000 values, aliases expanded");
}

TEST(HostileBundle, ABombOfMergedMapsIsRefused) {
  BundleFolder folder;
  std::string bomb = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {<<: *a" + before + ", l" +
            before + ": *a" + before + ", r: *a" + before + "}\n";
  }
  folder.with_root(bomb + a_job());
  expect_refused(folder, "aliases expanded");
}

TEST(HostileBundle, ABombOfReferencesIsRefused) {
  BundleFolder folder;
  std::string variables = "variables:\n  v0: {type: complex, default: [1, 2, 3, 4, 5, 6, 7, 8]}\n";
  for (int i = 1; i <= 10; ++i) {
    const std::string before = "'${var.v" + std::to_string(i - 1) + "}'";
    variables += "  v" + std::to_string(i) + ": {type: complex, default: [" +
                 repeated(before + ", ", 9) + before + "]}\n";
  }
  folder.with_root(variables + a_job("      tags: {a: '${var.v10}'}\n"));
  expect_refused(folder, "references expand to more than 200000 values");
}

TEST(HostileBundle, ALargeFileIsRefused) {
  BundleFolder folder;
  folder.with_root("include: [large.yml]\n" + a_job());
  folder.with("large.yml", repeated("key: " + std::string(1'000, 'x') + "\n", 100'000));
  expect_refused(folder, "large.yml is longer than 4194304 bytes");
}

TEST(HostileBundle, ADeepFileIsRefused) {
  for (const auto& [open, close] : {std::pair("[", "]"), std::pair("{a: ", "}")}) {
    BundleFolder folder;
    folder.with_root("deep: " + repeated(open, 10'000) + repeated(close, 10'000) + "\n");
    expect_refused(folder, "nested deeper than 64");
  }
  BundleFolder folder;
  folder.with_root("deep:\n  " + repeated("- ", 10'000) + "x\n");
  expect_refused(folder, "nested deeper than 64");
}

TEST(HostileBundle, AnIncludeOfIncludesDoesNotGoRound) {
  BundleFolder folder;
  folder.with_root("include: [a.yml, databricks.yml]\n" + a_job())
      .with("a.yml", "include: [b.yml, a.yml, databricks.yml]\n")
      .with("b.yml", "include: [a.yml]\n");
  LoadOptions options = folder.options();
  options.is_strict = true;
  const Outcome outcome = load_apart(options);
  EXPECT_NE(outcome.findings.find("`include` counts only in the root file"), std::string::npos);
  EXPECT_LT(outcome.seconds, kMaxSeconds);
}

TEST(HostileBundle, ALoopOfLinksIsRefused) {
  BundleFolder folder;
  folder.with_root(a_job());
  std::filesystem::create_symlink("b", folder.path() / "a");
  std::filesystem::create_symlink("a", folder.path() / "b");
  expect_refused(folder, "a is a link that leads back to itself");
}

TEST(HostileBundle, ALoopOfFoldersIsRefused) {
  BundleFolder folder;
  folder.with_root("sync: {include: ['**']}\n" + a_job()).with("deep/x", "");
  std::filesystem::create_symlink("..", folder.path() / "deep/up");
  expect_refused(folder, "deep/up is a link to a folder");
}

TEST(HostileBundle, PathsThatLeaveTheRootAreRefused) {
  BundleFolder folder;
  folder.with_root("include: [../../../../etc/*.yml]\n" + a_job());
  expect_refused(folder, "leads out of the bundle");
  folder.with_root("sync: {paths: ['" + repeated("../", 40) + "']}\n" + a_job());
  expect_refused(folder, "leads to the root of the file system");
  std::filesystem::create_symlink("/etc", folder.path() / "etc");
  folder.with_root(
      "resources: {jobs: {wine: {tasks: [{task_key: t, spark_python_task: "
      "{python_file: etc/passwd}}]}}}\n");
  expect_refused(folder, "etc is a link that leads out of the bundle");
}

TEST(HostileBundle, ManyKeysAreRefusedAndTakeNoSquareOfTheirTime) {
  BundleFolder folder;
  std::string keys;
  for (int i = 0; i < 110'000; ++i) {
    keys += "k" + std::to_string(i) + ": 1\n";
  }
  folder.with_root("include: [keys.yml]\n" + a_job()).with("keys.yml", keys);
  expect_refused(folder, "more than 200000 values");
}

TEST(HostileBundle, ManyUnknownReferencesAreTold) {
  BundleFolder folder;
  std::string variables = "variables:\n";
  std::string texts = "      tags:\n";
  for (int i = 0; i < 2'000; ++i) {
    const std::string name = std::string(100, 'v') + std::to_string(i);
    variables += "  " + name + ": {default: 1}\n";
    texts += "        t" + std::to_string(i) + ": ${var.w" + name + "}\n";
  }
  folder.with_root(variables + a_job(texts));
  expect_refused(folder, "is not declared");
}

TEST(HostileBundle, OneLongLineIsNotCopiedForEachFinding) {
  BundleFolder folder;
  std::string bundle = "{\"bundle\": {\"name\": \"a/b\"}, \"resources\": {\"jobs\": {\"wine\": {";
  for (int i = 0; i < 2'000; ++i) {
    bundle += "\"unknown" + std::to_string(i) + "\": \"" + std::string(1'500, 'x') + "\", ";
  }
  folder.with("databricks.yml", bundle + "\"tasks\": []}}}}");
  expect_refused(folder, "unknown field \"unknown1\"");
}

TEST(HostileBundle, PatternsOfStarsAreMatchedInTime) {
  BundleFolder folder;
  folder.with_root("include: ['" + repeated("*/../", 200) + "x.yml']\n" + a_job());
  for (int i = 0; i < 20; ++i) {
    folder.with("folder" + std::to_string(i) + "/x.txt", "");
  }
  expect_refused(folder, "there is no file");
}

}  // namespace
}  // namespace sheaf::bundles
