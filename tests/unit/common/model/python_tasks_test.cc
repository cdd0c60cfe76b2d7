#include <gtest/gtest.h>

#include "common/model/job_settings.h"

namespace sheaf::model {
namespace {

Result<JobSettings> parse_task(const std::string& task, const std::string& more = "") {
  return parse_job_settings(R"({"name": "j", "tasks": [{"task_key": "t", )" + task + "}]" + more +
                            "}");
}

TaskSettings task_of(const std::string& task) {
  auto settings = parse_task(task);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? settings->tasks.at(0) : TaskSettings{};
}

std::string error_of(const std::string& task) {
  const auto settings = parse_task(task);
  return settings ? "" : settings.error().message;
}

const std::string kWheel = R"("python_wheel_task": {"package_name": "p", "entry_point": "main"})";

TEST(PythonTasks, AWheelTaskHasAListOrAMapOfParameters) {
  const auto listed = task_of(
      R"("python_wheel_task": {"package_name": "p", "entry_point": "main", "parameters": ["a"]})");
  EXPECT_EQ(std::get<PythonWheelTask>(listed.action),
            (PythonWheelTask{.package_name = "p", .entry_point = "main", .parameters = {"a"}}));
  const auto named = task_of(
      R"("python_wheel_task": {"package_name": "p", "entry_point": "m", "named_parameters": {"a": "b"}})");
  EXPECT_EQ(std::get<PythonWheelTask>(named.action).named_parameters,
            std::optional(NamedStrings{{"a", "b"}}));
  EXPECT_FALSE(std::get<PythonWheelTask>(task_of(kWheel).action).named_parameters);
  EXPECT_NE(
      error_of(
          R"("python_wheel_task": {"package_name": "p", "entry_point": "m", "parameters": ["a"], "named_parameters": {"a": "b"}})")
          .find("named_parameters: the parameters are given twice"),
      std::string::npos);
}

TEST(PythonTasks, NeedTheirFields) {
  EXPECT_NE(error_of(R"("python_wheel_task": {"package_name": "p"})")
                .find("python_wheel_task.entry_point: required"),
            std::string::npos);
  EXPECT_NE(error_of(R"("python_wheel_task": {"package_name": "-p", "entry_point": "m"})")
                .find("\"-p\" is not a name of Python"),
            std::string::npos);
  EXPECT_NE(error_of(R"("notebook_task": {})").find("notebook_path: required"), std::string::npos);
  EXPECT_NE(
      error_of(R"("notebook_task": {"notebook_path": "a"})").find("\"a\" is not an absolute path"),
      std::string::npos);
  EXPECT_NE(error_of(R"("notebook_task": {"notebook_path": "/a", "warehouse_id": "w"})")
                .find("warehouse_id: not supported"),
            std::string::npos);
}

TEST(PythonTasks, LibrariesAreLinesOfARequirementsFile) {
  const auto task = task_of(
      kWheel +
      R"(, "libraries": [{"whl": "/a/.internal/x.whl"}, {"pypi": {"package": "b==1"}}, {"requirements": "/f/r.txt"}, {"whl": "https://c/d.whl"}])");
  EXPECT_EQ(
      task.libraries,
      (std::vector<std::string>{"/a/.internal/x.whl", "b==1", "-r /f/r.txt", "https://c/d.whl"}));
}

TEST(PythonTasks, LibrariesThatCannotBeInstalledAreRefused) {
  for (const auto& [library, message] :
       {std::pair(R"({"jar": "a.jar"})", "jar: not supported"),
        std::pair(R"({"egg": "a.egg"})", "egg: not supported"),
        std::pair(R"({"maven": {"coordinates": "a"}})", "maven: not supported"),
        std::pair(R"({"cran": {"package": "a"}})", "cran: not supported"),
        std::pair(R"({"whl": "dist/a.whl"})", "whl: \"dist/a.whl\" is not an absolute path"),
        std::pair(R"({"whl": "/a\nb"})", "a library is one line"),
        std::pair(R"({"pypi": {"package": "--index-url=x"}})", "is no package"),
        std::pair(R"({"pypi": {"package": "{{job.name}}"}})", "may hold no {{…}} reference"),
        std::pair(R"({"pypi": {"package": "a"}, "whl": "/a.whl"})", "of several kinds")}) {
    EXPECT_NE(error_of(kWheel + R"(, "libraries": [)" + library + "]").find(message),
              std::string::npos)
        << library << error_of(kWheel + R"(, "libraries": [)" + library + "]");
  }
  EXPECT_NE(error_of(R"("command_task": {"command": ["x"]}, "libraries": [{"whl": "/a.whl"}])")
                .find("libraries: only a Python task has a Python environment"),
            std::string::npos);
}

TEST(PythonTasks, TheEnvironmentIsTheNamedOneThenLibrariesThenWhatTheKindNeeds) {
  const auto settings = parse_task(
      R"("environment_key": "e", "notebook_task": {"notebook_path": "/n"}, "libraries": [{"whl": "/a.whl"}])",
      R"(, "environments": [{"environment_key": "e", "spec": {"environment_version": "2", "dependencies": ["b"]}}])");
  ASSERT_TRUE(settings) << settings.error().message;
  const EnvironmentSettings environment = environment_of(*settings, settings->tasks.at(0));
  EXPECT_EQ(environment.environment_version, "2");
  ASSERT_EQ(environment.dependencies.size(), 5u);
  EXPECT_EQ(environment.dependencies[0], "b");
  EXPECT_EQ(environment.dependencies[1], "/a.whl");
  EXPECT_TRUE(environment.dependencies[3].starts_with("nbclient"));
  EXPECT_EQ(environment_of(*settings, TaskSettings{}), EnvironmentSettings{});
}

TEST(PythonTasks, ReferencesInTheirParametersAreChecked) {
  EXPECT_NE(
      error_of(
          R"("notebook_task": {"notebook_path": "/n", "base_parameters": {"a": "{{job.naem}}"}})")
          .find("notebook_task.base_parameters.a"),
      std::string::npos);
  EXPECT_NE(
      error_of(
          R"("python_wheel_task": {"package_name": "p", "entry_point": "m", "named_parameters": {"a": "{{job.parameters.x}}"}})")
          .find("declares no parameter \"x\""),
      std::string::npos);
}

}  // namespace
}  // namespace sheaf::model
