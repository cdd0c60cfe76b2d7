#include "common/model/job_settings.h"

#include <string>

#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "common/model/settings_check.h"

namespace sheaf::model {
namespace {

const std::string kTask = R"({"task_key": "a", "command_task": {"command": ["true"]}})";

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

TEST(ParseJobSettings, FillsInDefaults) {
  const JobSettings settings = parsed(job_of(kTask));
  EXPECT_EQ(settings.name, "Untitled");
  EXPECT_EQ(settings.max_concurrent_runs, 1);
  EXPECT_TRUE(settings.queue_enabled);
  EXPECT_FALSE(settings.schedule);
  ASSERT_EQ(settings.tasks.size(), 1u);
  EXPECT_EQ(settings.tasks[0].run_if, RunIf::kAllSuccess);
  EXPECT_EQ(settings.tasks[0].max_retries, 0);
}

TEST(ParseJobSettings, CompilesTheGraph) {
  const JobSettings settings = parsed(R"({
    "name": "wine", "parameters": [{"name": "reason", "default": "manual"}],
    "tasks": [
      {"task_key": "compare", "spark_python_task": {"python_file": "/Workspace/f/c.py",
        "parameters": ["--reason", "{{job.parameters.reason}}"]}, "max_retries": 2,
        "min_retry_interval_millis": 1500, "timeout_seconds": 60},
      {"task_key": "update", "depends_on": [{"task_key": "compare"}],
        "condition_task": {"op": "EQUAL_TO", "left": "{{tasks.compare.values.model_update}}", "right": "1"}},
      {"task_key": "deploy", "depends_on": [{"task_key": "update", "outcome": "true"}],
        "command_task": {"command": ["cp", "{{tasks.compare.values.path}}"], "env": {"B": "2", "A": "1"}}}]})");
  ASSERT_EQ(settings.tasks.size(), 3u);
  EXPECT_EQ(settings.tasks[0].max_retries, 2);
  EXPECT_EQ(settings.tasks[0].min_retry_interval, Milliseconds(1500));
  EXPECT_EQ(settings.tasks[0].timeout, std::chrono::seconds(60));
  EXPECT_EQ(std::get<ConditionTask>(settings.tasks[1].action).right, "1");
  ASSERT_EQ(settings.tasks[2].depends_on.size(), 1u);
  EXPECT_EQ(settings.tasks[2].depends_on[0].outcome, true);
  const NamedStrings env = {{"B", "2"}, {"A", "1"}};
  EXPECT_EQ(std::get<CommandTask>(settings.tasks[2].action).env, env);
}

TEST(ParseJobSettings, ReadsSixRunIfValues) {
  const std::vector<std::pair<std::string, RunIf>> values = {
      {"ALL_SUCCESS", RunIf::kAllSuccess},
      {"AT_LEAST_ONE_SUCCESS", RunIf::kAtLeastOneSuccess},
      {"NONE_FAILED", RunIf::kNoneFailed},
      {"ALL_DONE", RunIf::kAllDone},
      {"AT_LEAST_ONE_FAILED", RunIf::kAtLeastOneFailed},
      {"ALL_FAILED", RunIf::kAllFailed}};
  for (const auto& [name, value] : values) {
    EXPECT_EQ(parsed(job_of(task("a", "\"run_if\": \"" + name + "\""))).tasks[0].run_if, value);
  }
  EXPECT_TRUE(
      error_holds(job_of(task("a", R"("run_if": "ALL_DONW")")),
                  "tasks[0].run_if: \"ALL_DONW\" is not allowed here; did you mean \"ALL_DONE\"?"));
}

TEST(ParseJobSettings, ReadsScheduleAlertsAndHooks) {
  const JobSettings settings = parsed(job_of(kTask, R"(
    "schedule": {"quartz_cron_expression": "0 0 3 * * ?", "timezone_id": "Europe/Berlin", "pause_status": "PAUSED"},
    "parameters": [{"name": "reason", "default": "none"}],
    "email_notifications": {"on_failure": ["a@example.org"], "no_alert_for_skipped_runs": true},
    "webhook_notifications": {"on_failure": [{"id": "ops"}]},
    "sheaf": {"daylight_saving": "quartz", "hooks": [{"name": "drift", "secret": "stored",
      "match": {"field": "status", "equals": "firing"}, "parameters": {"reason": "labels.alertname"}}]})"));
  ASSERT_TRUE(settings.schedule);
  EXPECT_TRUE(settings.schedule->paused);
  EXPECT_EQ(settings.schedule->daylight_saving, DaylightSavingRule::kQuartz);
  const std::vector<AlertTarget> targets = {
      {.channel = AlertTarget::Channel::kEmail, .destination = "a@example.org"},
      {.channel = AlertTarget::Channel::kWebhook, .destination = "ops"}};
  EXPECT_EQ(settings.alerts.on_failure, targets);
  EXPECT_TRUE(settings.alerts.no_alert_for_skipped_runs);
  ASSERT_EQ(settings.hooks.size(), 1u);
  EXPECT_EQ(settings.hooks[0].signature, HookSignature::kStandardWebhooks);
  EXPECT_EQ(settings.hooks[0].secret_env, "");
  EXPECT_EQ(settings.hooks[0].match_equals, "firing");
}

TEST(ParseJobSettings, RefusesWhatIsNoDocument) {
  EXPECT_TRUE(error_holds("{", "not JSON"));
  EXPECT_TRUE(error_holds("[]", "a JSON object"));
  EXPECT_TRUE(error_holds(R"({"tasks": [], "tasks": []})", "the key \"tasks\" is given twice"));
  EXPECT_TRUE(error_holds(R"({"tasks": []})", "tasks: a job needs at least one task"));
}

TEST(ParseJobSettings, NamesUnknownFields) {
  EXPECT_EQ(error_of(job_of(task("a", R"("max_retires": 1)"))),
            "tasks[0].max_retires: unknown field; did you mean \"max_retries\"?");
}

TEST(ParseJobSettings, IsStrictAboutTypes) {
  EXPECT_EQ(error_of(job_of(task("a", R"("max_retries": "2")"))),
            "tasks[0].max_retries: expected an integer, found a string");
  EXPECT_EQ(error_of(job_of(R"({"task_key": "a", "command_task": {"command": ["sleep", 1]}})")),
            "tasks[0].command_task.command[1]: expected a string, found a number");
}

TEST(ParseJobSettings, ChecksRanges) {
  EXPECT_TRUE(error_holds(job_of(task("a", R"("max_retries": -2)")),
                          "tasks[0].max_retries: -2 is out of range"));
  EXPECT_EQ(parsed(job_of(task("a", R"("max_retries": -1)"))).tasks[0].max_retries, -1);
  EXPECT_TRUE(
      error_holds(job_of(kTask, R"("max_concurrent_runs": 1001)"), "max_concurrent_runs: 1001"));
  EXPECT_TRUE(error_holds(job_of(kTask, R"("timeout_seconds": -1)"), "timeout_seconds: -1"));
}

TEST(ParseJobSettings, ChecksTaskKeys) {
  EXPECT_TRUE(error_holds(job_of(task("a b")), "tasks[0].task_key: \"a b\" is not a task key"));
  EXPECT_TRUE(error_holds(job_of(task(std::string(101, 'a'))), "is not a task key"));
  EXPECT_TRUE(error_holds(job_of(task("a") + "," + task("a")),
                          "tasks[1].task_key: two tasks have the key \"a\""));
}

TEST(ParseJobSettings, WantsOneKindPerTask) {
  EXPECT_TRUE(error_holds(job_of(R"({"task_key": "a"})"), "tasks[0]: the task has nothing to do"));
  EXPECT_TRUE(error_holds(
      job_of(
          R"({"task_key": "a", "command_task": {"command": ["x"]}, "condition_task": {"op": "EQUAL_TO", "left": "", "right": ""}})"),
      "the task is both a command_task and a condition_task"));
}

TEST(ParseJobSettings, ChecksDependencies) {
  EXPECT_EQ(error_of(job_of(task("train") + "," + task("b", after("trian")))),
            "tasks[1].depends_on[0].task_key: there is no task \"trian\"; did you mean \"train\"?; "
            "Name a task of the same job.");
  EXPECT_TRUE(
      error_holds(job_of(task("a") + "," +
                         task("b", R"("depends_on": [{"task_key": "a"}, {"task_key": "a"}])")),
                  "tasks[1].depends_on[1].task_key: the task depends on \"a\" twice"));
}

TEST(ParseJobSettings, ShowsCycles) {
  EXPECT_TRUE(error_holds(
      job_of(task("a", after("c")) + "," + task("b", after("a")) + "," + task("c", after("b"))),
      "tasks[0].depends_on[0].task_key: tasks wait for each other: a → c → b → a"));
  EXPECT_TRUE(error_holds(job_of(task("a", after("a"))), "a → a"));
}

TEST(ParseJobSettings, ShowsEveryCycleButNotWhatHangsOnOne) {
  const CheckedSettings checked = check_job_settings(
      job_of(task("a", after("b")) + "," + task("b", after("a")) + "," + task("x", after("y")) +
             "," + task("y", after("x")) + "," + task("z", after("y")) + "," + task("free")));
  ASSERT_EQ(checked.findings.size(), 2u);
  EXPECT_NE(checked.findings[0].message.find("a → b → a"), std::string::npos);
  EXPECT_NE(checked.findings[1].message.find("x → y → x"), std::string::npos);
  EXPECT_EQ(checked.findings[1].related,
            std::vector<std::string>{"tasks[3].depends_on[0].task_key"});
}

TEST(ParseJobSettings, OutcomesStandOnConditionEdgesOnly) {
  const std::string edge = R"("depends_on": [{"task_key": "a", "outcome": "true"}])";
  EXPECT_TRUE(error_holds(
      job_of(task("a") + "," + task("b", edge)),
      "tasks[1].depends_on[0].outcome: \"a\" is not a condition task and has no outcome"));
  const std::string condition =
      R"({"task_key": "a", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}},)";
  EXPECT_EQ(parsed(job_of(condition + task("b", edge))).tasks[1].depends_on[0].outcome, true);
  EXPECT_TRUE(error_holds(
      job_of(condition + task("b", R"("depends_on": [{"task_key": "a", "outcome": "yes"}])")),
      "tasks[1].depends_on[0].outcome: \"yes\" is not allowed here"));
}

TEST(ParseJobSettings, ConditionTasksAreNotRepeated) {
  EXPECT_TRUE(error_holds(
      job_of(
          R"({"task_key": "a", "max_retries": 1, "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}})"),
      "tasks[0].max_retries: a condition task is never repeated"));
}

TEST(ParseJobSettings, ChecksEnvironments) {
  const std::string script =
      R"({"task_key": "a", "environment_key": "defalt", "spark_python_task": {"python_file": "/f/a.py"}})";
  EXPECT_TRUE(error_holds(
      job_of(script, R"("environments": [{"environment_key": "default"}])"),
      "tasks[0].environment_key: there is no environment \"defalt\"; did you mean \"default\"?"));
  EXPECT_TRUE(error_holds(
      job_of(kTask,
             R"("environments": [{"environment_key": "e", "spec": {"environment_version": "9"}}])"),
      "environments[0].spec.environment_version: there is no environment version \"9\""));
  EXPECT_TRUE(error_holds(job_of(task("a", R"("environment_key": "e")"),
                                 R"("environments": [{"environment_key": "e"}])"),
                          "tasks[0].environment_key: only a Python task has a Python environment"));
  EXPECT_TRUE(error_holds(
      job_of(kTask,
             R"("environments": [{"environment_key": "e", "spec": {"dependencies": ["a\nb"]}}])"),
      "environments[0].spec.dependencies[0]: a dependency is one line"));
}

TEST(ParseJobSettings, ScriptsAreAbsolute) {
  const auto script = [](const std::string& file) {
    return job_of(R"({"task_key": "a", "spark_python_task": {"python_file": ")" + file + R"("}})");
  };
  EXPECT_TRUE(
      error_holds(script("src/a.py"),
                  "tasks[0].spark_python_task.python_file: \"src/a.py\" is not an absolute"));
  EXPECT_TRUE(error_holds(script("/f/../../etc/a.py"), "is not an absolute path"));
  EXPECT_TRUE(error_holds(script("dbfs:/a.py"), "is not an absolute path"));
  EXPECT_TRUE(error_holds(script("/f/{{job.id}}.py"), "may hold no {{…}} reference"));
}

TEST(ParseJobSettings, ChecksParameters) {
  EXPECT_TRUE(error_holds(
      job_of(kTask,
             R"("parameters": [{"name": "a", "default": ""}, {"name": "a", "default": ""}])"),
      "parameters[1].name: two parameters are called \"a\""));
  EXPECT_TRUE(error_holds(job_of(kTask, R"("parameters": [{"name": "a b", "default": ""}])"),
                          "is not a parameter name"));
  parsed(job_of(kTask, R"("parameters": [{"name": "a", "default": "{{job.start_time.year}}"}])"));
  for (const char* text : {"{{job.parameters.a}}", "{{task.name}}", "{{input}}"}) {
    EXPECT_TRUE(error_holds(
        job_of(kTask,
               R"("parameters": [{"name": "a", "default": ")" + std::string(text) + R"("}])"),
        "parameters[0].default: a default may hold references to the run only"));
  }
}

std::string job_with_hook(const std::string& members) {
  return job_of(
      kTask,
      R"("parameters": [{"name": "reason", "default": ""}], "sheaf": {"hooks": [{"name": "drift")" +
          (members.empty() ? "" : ", " + members) + "}]}");
}

TEST(ParseJobSettings, ChecksHooks) {
  EXPECT_TRUE(error_holds(job_with_hook(""), "sheaf.hooks[0]: the hook \"drift\" has no secret"));
  EXPECT_TRUE(error_holds(job_with_hook(R"("secret_env": "")"),
                          "sheaf.hooks[0].secret_env: \"\" is not a name"));
  EXPECT_TRUE(error_holds(job_with_hook(R"("secret_env": "S", "secret": "stored")"),
                          "the hook has two secrets"));
  EXPECT_TRUE(error_holds(job_with_hook(R"("secret": "hunter2")"),
                          "sheaf.hooks[0].secret: \"hunter2\" is not allowed"));
  EXPECT_TRUE(error_holds(job_with_hook(R"("secret_env": "S", "parameters": {"raeson": "a"})"),
                          "sheaf.hooks[0].parameters.raeson: the job declares no parameter "
                          "\"raeson\"; did you mean \"reason\"?"));
  EXPECT_TRUE(error_holds(job_with_hook(R"("secret_env": "S", "parameters": {"reason": "a..b"})"),
                          "is not a path into the body"));
  EXPECT_EQ(parsed(job_with_hook(R"("secret_env": "S", "signature": "bearer")")).hooks[0].signature,
            HookSignature::kBearer);
}

TEST(ParseJobSettings, ChecksAlertDestinations) {
  EXPECT_TRUE(error_holds(job_of(kTask, R"("email_notifications": {"on_failure": ["nobody@"]})"),
                          "email_notifications.on_failure[0]: \"nobody@\" is not a mail address"));
  EXPECT_TRUE(
      error_holds(job_of(kTask, R"("email_notifications": {"on_failure": ["a@x\r\nBcc: b@y"]})"),
                  "is not a mail address"));
  EXPECT_TRUE(error_holds(
      job_of(
          kTask,
          R"("webhook_notifications": {"on_start": [{"id":"a"},{"id":"b"},{"id":"c"},{"id":"d"}]})"),
      "webhook_notifications.on_start: more than 3 destinations"));
}

TEST(ParseJobSettings, ChecksJobClusterKeys) {
  parsed(job_of(
      task("a", R"("job_cluster_key": "main")"),
      R"("job_clusters": [{"job_cluster_key": "main", "new_cluster": {"num_workers": 2}}])"));
  EXPECT_TRUE(error_holds(
      job_of(task("a", R"("job_cluster_key": "mian")"),
             R"("job_clusters": [{"job_cluster_key": "main"}])"),
      "tasks[0].job_cluster_key: there is no job cluster \"mian\"; did you mean \"main\"?"));
}

TEST(ParseJobSettings, HoldsTheTaskLimit) {
  std::string tasks = task("t0");
  for (std::size_t i = 1; i < limits::kMaxTasksPerJob; ++i) {
    tasks += "," + task("t" + std::to_string(i), after("t" + std::to_string(i - 1)));
  }
  EXPECT_EQ(parsed(job_of(tasks)).tasks.size(), limits::kMaxTasksPerJob);
  EXPECT_TRUE(error_holds(job_of(tasks + "," + task("one_more")),
                          "tasks: 1001 tasks are more than the 1000 allowed"));
}

TEST(CheckJobSettings, FindsEverythingAtOnce) {
  const CheckedSettings checked = check_job_settings(
      job_of(task("a", R"("max_retires": 1, "timeout_seconds": "1")") + "," +
                 task("b", after("c")) + R"(,{"task_key": "n", "sql_task": {"warehouse_id": "n"}})",
             R"("nmae": "x", "max_concurrent_runs": -1)"));
  std::vector<std::string> paths;
  for (const SettingsFinding& finding : checked.findings) {
    paths.push_back(finding.path);
  }
  const std::vector<std::string> expected = {"tasks[0].max_retires",
                                             "tasks[0].timeout_seconds",
                                             "tasks[2].sql_task",
                                             "nmae",
                                             "max_concurrent_runs",
                                             "tasks[1].depends_on[0].task_key"};
  EXPECT_EQ(paths, expected);
}

TEST(CheckJobSettings, KeepsIndicesBesideElementsOfAWrongType) {
  const CheckedSettings checked = check_job_settings(job_of("1," + task("b", after("c"))));
  ASSERT_EQ(checked.findings.size(), 2u);
  EXPECT_EQ(checked.findings[0].path, "tasks[0]");
  EXPECT_EQ(checked.findings[1].path, "tasks[1].depends_on[0].task_key");
}

}  // namespace
}  // namespace sheaf::model
