#include <fstream>

#include <gtest/gtest.h>

#include "worker/environments/python_environments.h"

namespace sheaf::environments {
namespace {

namespace fs = std::filesystem;

struct EnvironmentMarks : testing::Test {
  EnvironmentMarks() { fs::remove_all(folder); }

  PythonEnvironment an_environment(const std::string& name) const {
    fs::create_directories(folder / name);
    std::ofstream(folder / name / "complete") << "";
    return {.python = {}, .bin_folder = folder / name / "bin", .warnings = {}};
  }

  fs::path folder = fs::path(testing::TempDir()) / "environment_marks_test";
  PythonEnvironments environments{folder, folder / "no runtime"};
};

TEST_F(EnvironmentMarks, TellWhichEnvironmentsAreReadyTheOneUsedLastFirst) {
  EXPECT_TRUE(environments.cached().empty());
  environments.note_use(0xA, an_environment("one"));
  environments.note_use(0xB, an_environment("two"));
  fs::last_write_time(folder / "fingerprints" / "a-one",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(environments.cached(), (std::vector<std::uint64_t>{0xB, 0xA}));
  environments.note_use(0xA, an_environment("one"));
  fs::last_write_time(folder / "fingerprints" / "b-two",
                      fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(environments.cached(), (std::vector<std::uint64_t>{0xA, 0xB}));
}

TEST_F(EnvironmentMarks, AnEnvironmentThatIsGoneIsNotTold) {
  environments.note_use(0xA, an_environment("one"));
  fs::remove_all(folder / "one");
  EXPECT_TRUE(environments.cached().empty());
}

TEST_F(EnvironmentMarks, AnEnvironmentWithoutDependenciesIsNotWorthTelling) {
  environments.note_use(0, an_environment("one"));
  EXPECT_TRUE(environments.cached().empty());
}

}  // namespace
}  // namespace sheaf::environments
