#include <string>

#include <gtest/gtest.h>

#include "common/model/job_settings.h"

namespace sheaf::model {
namespace {

std::string job_of(const std::string& tasks, const std::string& more = "") {
  return "{\"tasks\": [" + tasks + "]" + (more.empty() ? "" : ", " + more) + "}";
}

// A task with a harmless command; `more` is further members.
std::string task(const std::string& key, const std::string& more = "") {
  return R"({"task_key": ")" + key + R"(", "command_task": {"command": ["true"]})" +
         (more.empty() ? "" : ", " + more) + "}";
}

std::string after(const std::string& key) {
  return R"("depends_on": [{"task_key": ")" + key + R"("}])";
}

JobSettings parsed(const std::string& text) {
  const auto settings = parse_job_settings(text);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? *settings : JobSettings{};
}

std::string error_of(const std::string& text) {
  const auto settings = parse_job_settings(text);
  EXPECT_FALSE(settings) << text;
  return settings ? std::string() : settings.error().message;
}

bool error_holds(const std::string& text, const std::string& part) {
  const std::string error = error_of(text);
  EXPECT_NE(error.find(part), std::string::npos) << error;
  return error.find(part) != std::string::npos;
}

std::string job_with_argument(const std::string& argument, const std::string& dependencies = "") {
  return job_of(task("up") + "," + task("side") +
                    R"(,{"task_key": "last", "command_task": {"command": ["x", ")" + argument +
                    R"("]})" + (dependencies.empty() ? "" : ", " + dependencies) + "}",
                R"("parameters": [{"name": "reason", "default": ""}])");
}

TEST(ReferenceCheck, FindsWhatCanBeProvedWrong) {
  const std::string place = "tasks[2].command_task.command[1]: ";
  EXPECT_TRUE(
      error_holds(job_with_argument("{{job.naem}}"),
                  place + "there is no reference {{job.naem}}; did you mean {{job.name}}?"));
  parsed(job_with_argument("{{job.id {{foo.bar}}"));
  EXPECT_TRUE(
      error_holds(job_with_argument("{{job.parameters.raeson}}"),
                  place + "the job declares no parameter \"raeson\"; did you mean \"reason\"?"));
  EXPECT_TRUE(
      error_holds(job_with_argument("{{tasks.uq.values.k}}"), place + "there is no task \"uq\""));
  EXPECT_TRUE(error_holds(job_with_argument("{{tasks.side.values.k}}", after("up")),
                          place + "\"side\" does not run before \"last\""));
  EXPECT_TRUE(error_holds(job_with_argument("{{tasks.last.values.k}}", after("up")),
                          "does not run before"));
  parsed(job_with_argument("{{tasks.up.values.k}} {{job.parameters.reason}}", after("up")));
}

TEST(ReferenceCheck, AcceptsValuesOfDistantUpstreamTasks) {
  parsed(job_of(
      task("a") + "," + task("b", after("a")) + "," + task("c", after("b")) +
      R"(,{"task_key": "d", "command_task": {"command": ["x"], "env": {"V": "{{tasks.a.values.k}}"}}, )" +
      after("c") + "}"));
}

TEST(ReferenceCheck, ConditionTasksPublishNoValues) {
  EXPECT_TRUE(error_holds(
      job_of(R"({"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}},
                {"task_key": "b", "command_task": {"command": ["{{tasks.a.values.k}}"]}, "depends_on": [{"task_key": "a"}]})"),
      "is a condition task and publishes no values"));
}

// A task "last" with this argument behind a condition, a for-each and a run-job task.
std::string job_behind_others(const std::string& argument) {
  return job_of(
      R"({"task_key": "if", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}},
         {"task_key": "each", "for_each_task": {"inputs": "[1]", "task":
           {"task_key": "one", "command_task": {"command": ["x"]}}}},
         {"task_key": "child", "run_job_task": {"job_id": 1}},
         {"task_key": "last", "command_task": {"command": ["x", ")" +
      argument +
      R"("]}, "depends_on": [{"task_key": "if"}, {"task_key": "each"}, {"task_key": "child"}]})");
}

TEST(ReferenceCheck, KnowsWhatTasksOfOtherKindsPublish) {
  const std::string place = "tasks[3].command_task.command[1]: ";
  EXPECT_TRUE(error_holds(job_behind_others("{{tasks.each.values.k}}"),
                          place + "\"each\" is a for-each task and publishes no values"));
  EXPECT_TRUE(error_holds(job_behind_others("{{tasks.child.values.k}}"),
                          place + "\"child\" is a run-job task and publishes no values"));
  EXPECT_TRUE(error_holds(job_behind_others("{{tasks.one.values.k}}"),
                          place + "\"one\" runs once for each input of \"each\""));
  EXPECT_TRUE(error_holds(job_behind_others("{{input}}"),
                          place + "{{input}} is known only to what a for-each task repeats"));
  for (const char* key : {"if", "each", "child"}) {
    parsed(job_behind_others("{{tasks." + std::string(key) + ".result_state}}"));
  }
  EXPECT_TRUE(error_holds(job_with_argument("{{tasks.side.result_state}}", after("up")),
                          "\"side\" does not run before \"last\", so that is not known yet"));
}

TEST(ReferenceCheck, ChecksReferencesOfNestedTasks) {
  const auto job = [](const std::string& inputs, const std::string& argument) {
    return job_of(task("up") + R"(,{"task_key": "each", "depends_on": [{"task_key": "up"}],
      "for_each_task": {"inputs": ")" +
                  inputs + R"(", "task": {"task_key": "one",
        "run_job_task": {"job_id": 1, "job_parameters": {"p": ")" +
                  argument + R"("}}}}})");
  };
  parsed(job("{{tasks.up.values.list}}", "{{input.a}} {{tasks.up.values.k}} {{task.name}}"));
  EXPECT_TRUE(
      error_holds(job("{{input}}", ""), "tasks[1].for_each_task.inputs: {{input}} is known"));
  EXPECT_TRUE(error_holds(
      job("[1]", "{{job.parameters.p}}"),
      "tasks[1].for_each_task.task.run_job_task.job_parameters.p: the job declares no parameter"));
  EXPECT_TRUE(error_holds(job("[1]", "{{tasks.each.result_state}}"),
                          "\"each\" does not run before \"each\""));
}

}  // namespace
}  // namespace sheaf::model
