#include "worker/environments/interpreters.h"

#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace sheaf::environments {
namespace {

TEST(Interpreters, VersionsStandForTheDocumentedPythons) {
  EXPECT_EQ(python_minor("1"), 10);
  EXPECT_EQ(python_minor("2"), 11);
  EXPECT_EQ(python_minor("3"), 12);
  EXPECT_EQ(python_minor("5"), 12);
  EXPECT_EQ(python_minor(""), 12);
  EXPECT_EQ(python_minor("17"), std::nullopt);
}

TEST(Interpreters, TheExactVersionIsChosenWithoutAWarning) {
  const std::vector<Interpreter> here{{.minor = 10, .path = "/a"}, {.minor = 11, .path = "/b"}};
  const auto chosen = choose_interpreter(here, 11);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->interpreter.path, "/b");
  EXPECT_TRUE(chosen->warning.empty());
}

TEST(Interpreters, ANewerOneComesBeforeAnOlderOneAndIsSaid) {
  const std::vector<Interpreter> here{{.minor = 9, .path = "/old"}, {.minor = 12, .path = "/new"}};
  const auto chosen = choose_interpreter(here, 10);
  ASSERT_TRUE(chosen.has_value());
  EXPECT_EQ(chosen->interpreter.minor, 12);
  EXPECT_EQ(chosen->warning, "Python 3.10 is not on this worker; the task runs on 3.12");
}

TEST(Interpreters, WithoutAnyTheErrorSaysWhatToInstall) {
  const auto chosen = choose_interpreter({}, 11);
  ASSERT_FALSE(chosen.has_value());
  EXPECT_EQ(chosen.error().message, "no Python 3 is on this worker: install python3.11");
}

TEST(Interpreters, ShimsOfVersionManagersAreNotInterpreters) {
  std::string name = (std::filesystem::temp_directory_path() / "sheaf-python-XXXXXX").string();
  ASSERT_NE(::mkdtemp(name.data()), nullptr);
  const std::filesystem::path folder = name;
  for (const char* place : {"shims", "versions/3.12.1/bin"}) {
    std::filesystem::create_directories(folder / place);
    std::ofstream(folder / place / "python3.12") << "#!/bin/sh\n";
    std::filesystem::permissions(folder / place / "python3.12", std::filesystem::perms::owner_all);
  }
  const auto found = find_interpreters((folder / "shims").string(), {folder / "versions"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].path, folder / "versions/3.12.1/bin/python3.12");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sheaf::environments
