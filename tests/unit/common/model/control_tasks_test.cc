#include <string>

#include <gtest/gtest.h>

#include "common/model/for_each_inputs.h"
#include "common/model/settings_check.h"

namespace sheaf::model {
namespace {

const std::string kEcho = R"("command_task": {"command": ["echo", "{{input}}"]})";

std::string job_of(const std::string& tasks, const std::string& more = "") {
  return "{\"tasks\": [" + tasks + "]" + (more.empty() ? "" : ", " + more) + "}";
}

// A for-each task "each"; `more` stands in its block, `outer` beside it, `inner` in its task.
struct ForEachText {
  std::string more = R"("inputs": "[1, 2]")";
  std::string outer;
  std::string inner = kEcho;
};

std::string for_each(const ForEachText& text) {
  return R"({"task_key": "each", "for_each_task": {)" + text.more +
         R"(, "task": {"task_key": "one", )" + text.inner + "}}" +
         (text.outer.empty() ? "" : ", " + text.outer) + "}";
}

std::string run_job(const std::string& block) {
  return R"({"task_key": "child", "run_job_task": {)" + block + "}}";
}

JobSettings parsed(const std::string& text) {
  const auto settings = parse_job_settings(text);
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? *settings : JobSettings{};
}

ForEachTask parsed_for_each(const ForEachText& text) {
  const JobSettings settings = parsed(job_of(for_each(text)));
  return settings.tasks.empty() ? ForEachTask{} : std::get<ForEachTask>(settings.tasks[0].action);
}

std::string error_of(const std::string& text) {
  const auto settings = parse_job_settings(text);
  EXPECT_FALSE(settings) << text;
  return settings ? std::string() : settings.error().message;
}

TEST(ForEachTasks, HaveInputsAConcurrencyAndOneTask) {
  const ForEachTask task = parsed_for_each({.more = R"("inputs": "[1, 2]", "concurrency": 7)"});
  EXPECT_EQ(task.inputs, "[1, 2]");
  EXPECT_EQ(task.concurrency, 7);
  EXPECT_EQ(task.mode, ForEachMode::kProcess);
  ASSERT_EQ(task.task.size(), 1u);
  EXPECT_EQ(task.task[0].task_key, "one");
  EXPECT_EQ(parsed_for_each({}).concurrency, limits::kDefaultForEachConcurrency);
}

TEST(ForEachTasks, TakeInputsFromAFile) {
  const ForEachTask task = parsed_for_each(
      {.more =
           R"("concurrency": 100, "sheaf": {"inputs_file": "data/in.jsonl", "mode": "process"})"});
  EXPECT_EQ(task.inputs_file, "data/in.jsonl");
  EXPECT_EQ(task.mode, ForEachMode::kProcess);
  EXPECT_EQ(task.concurrency, 100);
}

TEST(ForEachTasks, RepeatWhatAnyTaskOfTheJobCouldBe) {
  for (
      const char* body :
      {R"("command_task": {"command": ["a"], "env": {"A": "b"}}, "max_retries": 2,
           "min_retry_interval_millis": 5, "timeout_seconds": 9,
           "sheaf": {"resources": {"cpu": 2, "memory": "1GiB"}, "labels": {"zone": "b"}, "pool": "p",
                     "max_lost": 9, "retry": {"backoff": {"initial_seconds": 1, "max_seconds": 2}}})",
       R"("spark_python_task": {"python_file": "/f/a.py", "parameters": ["x"]}, "environment_key": "e",
           "retry_on_timeout": true, "job_cluster_key": "c")",
       R"("condition_task": {"op": "EQUAL_TO", "left": "1", "right": "2"})",
       R"("run_job_task": {"job_id": 4, "job_parameters": {"a": "b"}}, "max_retries": 1)"}) {
    const std::string more =
        R"("environments": [{"environment_key": "e"}],
           "job_clusters": [{"job_cluster_key": "c", "sheaf": {"labels": ["gpu"]}}])";
    const JobSettings outer =
        parsed(job_of(R"({"task_key": "one", )" + std::string(body) + "}", more));
    const JobSettings inner = parsed(job_of(for_each({.inner = body}), more));
    ASSERT_EQ(inner.tasks.size(), 1u) << body;
    EXPECT_EQ(std::get<ForEachTask>(inner.tasks[0].action).task[0], outer.tasks[0]) << body;
  }
}

TEST(ForEachTasks, SettingsOfAttemptsBelongToTheInnerTask) {
  for (const auto& [field, value] :
       std::vector<std::pair<std::string, std::string>>{{"max_retries", "1"},
                                                        {"min_retry_interval_millis", "1"},
                                                        {"retry_on_timeout", "true"},
                                                        {"timeout_seconds", "1"},
                                                        {"environment_key", "\"e\""}}) {
    EXPECT_EQ(error_of(job_of(for_each({.outer = "\"" + field + "\": " + value}),
                              R"("environments": [{"environment_key": "e"}])")),
              "tasks[0]." + field +
                  ": belongs to what is repeated, not to the for-each task; Move it to "
                  "for_each_task.task." +
                  field + ".");
  }
  EXPECT_EQ(error_of(job_of(for_each({.outer = R"("sheaf": {"resources": {"gpus": 1}})"}))),
            "tasks[0].sheaf.resources: belongs to what is repeated, not to the for-each task; Move "
            "it to for_each_task.task.sheaf.resources.");
  parsed(job_of(for_each({.outer = R"("max_retries": 0, "timeout_seconds": 0)"})));
}

TEST(ForEachTasks, DependenciesBelongToTheOuterTask) {
  const std::string error =
      error_of(job_of(for_each({.inner = kEcho + R"(, "depends_on": [{"task_key": "each"}])"})));
  EXPECT_EQ(error,
            "tasks[0].for_each_task.task.depends_on: not supported; Write depends_on at the "
            "for-each task itself.");
  EXPECT_EQ(error_of(job_of(for_each({.inner = kEcho + R"(, "run_if": "ALL_DONE")"}))),
            "tasks[0].for_each_task.task.run_if: \"ALL_DONE\" is not allowed here; Write one of: "
            "ALL_SUCCESS.");
}

TEST(ForEachTasks, AreNotNested) {
  const std::string inner =
      R"("for_each_task": {"inputs": "[1]", "task": {"task_key": "x", "command_task": {"command": ["x"]}}})";
  EXPECT_TRUE(error_of(job_of(for_each({.inner = inner})))
                  .starts_with("tasks[0].for_each_task.task.for_each_task: not supported"));
}

struct Refusal {
  ForEachText text;
  std::string error;
};

class ForEachRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(ForEachRefusals, NameThePlaceAndTheCure) {
  EXPECT_EQ(error_of(job_of(for_each(GetParam().text))),
            "tasks[0].for_each_task." + GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    ForEachRefusals,
    testing::Values(
        Refusal{{.more = R"("concurrency": 1)"},
                "inputs: required, but not there; Write inputs: \"[1, 2]\", or sheaf: "
                "{inputs_file: inputs.jsonl}."},
        Refusal{{.more = R"("inputs": "[1]", "sheaf": {"inputs_file": "a"})"},
                "sheaf.inputs_file: the inputs are given twice; Keep `inputs` or `inputs_file`."},
        Refusal{{.more = R"("inputs": "{\"a\": 1}")"},
                "inputs: the inputs are no JSON array; Write a JSON array, \"[1, 2]\", or a "
                "reference to one."},
        Refusal{{.more = R"("inputs": "[1]", "concurrency": 101)"},
                "concurrency: 101 is out of range; Write a number from 1 to 100."},
        Refusal{{.more = R"("inputs": "[1]", "concurrency": 0)"},
                "concurrency: 0 is out of range; Write a number from 1 to 100."},
        Refusal{{.more = R"("sheaf": {"inputs_file": "/etc/passwd"})"},
                "sheaf.inputs_file: \"/etc/passwd\" is not a file of the deployment; Write its "
                "path below the deployment's files, without a leading slash."},
        Refusal{{.more = R"("sheaf": {"inputs_file": "a/../../b"})"},
                "sheaf.inputs_file: \"a/../../b\" is not a file of the deployment; Write its "
                "path below the deployment's files, without a leading slash."},
        Refusal{{.more = R"("inputs": "[1]", "sheaf": {"chunk": 10})"},
                "sheaf.chunk: only a stream reads its inputs in chunks; Add mode: stream, or "
                "remove it."},
        Refusal{{.more = R"("inputs": "[1]", "sheaf": {"mode": "stream", "chunk": 10001})"},
                "sheaf.chunk: 10001 is out of range; Write a number from 1 to 10000."},
        Refusal{{.more = R"("inputs": "[1]", "sheaf": {"mode": "stream"})",
                 .inner = R"("command_task": {"command": ["x", "{{input.a}}"]})"},
                "task.command_task.command[1]: the process of a stream has many inputs, and "
                "{{input}} names one; Read them from the file that SHEAF_STREAM_INPUT names."},
        Refusal{
            {.more = R"("inputs": "[1]", "sheaf": {"mode": "stream"})",
             .inner = R"("run_job_task": {"job_id": 1})"},
            "sheaf.mode: only a program can read its inputs line by line; Remove the mode, or "
            "let the inner task be a command_task, a spark_python_task or a python_wheel_task."},
        Refusal{{.inner = kEcho + R"(, "environment_key": "e")"},
                "task.environment_key: only a Python task has a Python environment; Remove it, or "
                "make the task a spark_python_task, python_wheel_task or notebook_task."},
        Refusal{{.inner = R"("max_retires": 1, )" + kEcho},
                "task.max_retires: unknown field; did you mean \"max_retries\"?"},
        Refusal{{.inner = kEcho + R"(, "job_cluster_key": "c")"},
                "task.job_cluster_key: there is no job cluster \"c\"; Declare it under "
                "`job_clusters` of the job, or remove the key."}));

TEST(ForEachTasks, AreStreamsWhereTheModeSaysSo) {
  const JobSettings job = parsed(job_of(
      for_each({.more = R"("inputs": "[1]", "concurrency": 1000, "sheaf": {"mode": "stream"})",
                .inner = R"("command_task": {"command": ["./score"]})"})));
  const auto& loop = std::get<ForEachTask>(job.tasks[0].action);
  EXPECT_EQ(loop.mode, ForEachMode::kStream);
  EXPECT_EQ(loop.chunk, limits::kDefaultStreamChunk);
  EXPECT_EQ(loop.concurrency, 1'000);
  const JobSettings small =
      parsed(job_of(for_each({.more = R"("inputs": "[1]", "sheaf": {"mode": "stream", "chunk": 7})",
                              .inner = R"("command_task": {"command": ["./score"]})"})));
  EXPECT_EQ(std::get<ForEachTask>(small.tasks[0].action).chunk, 7);
}

TEST(ForEachTasks, TheInnerKeyIsNoKeyOfTheJob) {
  const std::string other = R"({"task_key": "one", "command_task": {"command": ["x"]}})";
  EXPECT_EQ(error_of(job_of(for_each({}) + "," + other)),
            "tasks[0].for_each_task.task.task_key: a task of the job has the key \"one\" as well; "
            "Give what is repeated a key of its own, such as one_iteration.");
}

TEST(RunJobTasks, NameTheJobByIdOrByKey) {
  const JobSettings by_id =
      parsed(job_of(run_job(R"("job_id": 12, "job_parameters": {"a": "{{job.id}}"})")));
  const auto& task = std::get<RunJobTask>(by_id.tasks[0].action);
  EXPECT_EQ(task.job, JobId{12});
  EXPECT_EQ(task.job_parameters, (NamedStrings{{"a", "{{job.id}}"}}));
  const JobSettings by_key = parsed(job_of(run_job(R"("job_id": "${resources.jobs.wine_2.id}")")));
  EXPECT_EQ(std::get<RunJobTask>(by_key.tasks[0].action).resource_key, "wine_2");
  EXPECT_FALSE(std::get<RunJobTask>(by_key.tasks[0].action).job.is_valid());
}

TEST(RunJobTasks, RefuseWhatIsNoJob) {
  EXPECT_EQ(error_of(job_of(run_job(R"("job_id": "wine")"))),
            "tasks[0].run_job_task.job_id: \"wine\" is not a job; Write the job's id, or "
            "${resources.jobs.<key>.id} for one of the same bundle.");
  EXPECT_EQ(error_of(job_of(run_job(R"("job_id": 0)"))),
            "tasks[0].run_job_task.job_id: 0 is out of range; Write a number from 1 to "
            "9007199254740991.");
  EXPECT_TRUE(error_of(job_of(run_job(R"("job_id": 1, "job_parameters": {"a b": ""})")))
                  .starts_with("tasks[0].run_job_task.job_parameters.a b: \"a b\" is not a"));
  EXPECT_EQ(error_of(job_of(run_job(R"("job_id": 1, "notebook_params": {"a": "b"})"))),
            "tasks[0].run_job_task.notebook_params: not supported; Hand values over as "
            "job_parameters, which the other job's tasks take up by reference.");
}

TEST(RunJobTasks, TakeNoPlaceOnAWorker) {
  EXPECT_EQ(error_of(job_of(R"({"task_key": "a", "run_job_task": {"job_id": 1},
                                "sheaf": {"pool": "p"}})")),
            "tasks[0].sheaf.pool: the task takes no place on a worker; Remove it; put it on the "
            "tasks of the other job.");
}

TEST(RunJobTasks, EndWithAResultAndNotWithAnExitStatus) {
  EXPECT_EQ(error_of(job_of(R"({"task_key": "a", "run_job_task": {"job_id": 1}, "max_retries": 1,
                                "sheaf": {"retry": {"only_on": [1]}}})")),
            "tasks[0].sheaf.retry.only_on: a run of another job ends with a result, not with an "
            "exit status; Remove it; put it on the tasks of the other job.");
}

TEST(ForEachInputs, KeepHowTheirElementsAreWritten) {
  const auto inputs = parse_inputs(R"( [1.50, "a,]\"\\", true , {"b": [1, {"c": "}"}]}] )");
  ASSERT_TRUE(inputs) << inputs.error().message;
  EXPECT_EQ(
      *inputs,
      (std::vector<std::string>{"1.50", R"("a,]\"\\")", "true", R"({"b": [1, {"c": "}"}]})"}));
  EXPECT_TRUE(parse_inputs("[]")->empty());
  EXPECT_TRUE(parse_inputs(" [ ] ")->empty());
}

TEST(ForEachInputs, AreAJsonArray) {
  for (const char* text : {"", "1", "{}", "[1,]", "[1] 2", "[{\"a\":1,\"a\":2}]"}) {
    EXPECT_FALSE(parse_inputs(text)) << text;
  }
}

TEST(ForEachInputs, StandOneInALine) {
  EXPECT_EQ(*parse_input_line(R"( {"a": 0.10} )"), R"({"a": 0.10})");
  EXPECT_EQ(*parse_input_line("\"a b\"\r"), "\"a b\"");
  EXPECT_EQ(*parse_input_line("[1]"), "[1]");
  for (const char* line : {"", "1, 2", "red"}) {
    EXPECT_FALSE(parse_input_line(line)) << line;
  }
}

TEST(ForEachInputs, AreRenderedWholeOrByKey) {
  EXPECT_EQ(*render_input(R"("a \"b\"")", ""), "a \"b\"");
  EXPECT_EQ(*render_input("0.10", ""), "0.10");
  EXPECT_EQ(*render_input(R"({"a": 1})", ""), R"({"a": 1})");
  const std::string map = R"({"name" : "x", "rate":0.10, "more": {"a": [1, 2]}, "e\u0301": true})";
  EXPECT_EQ(*render_input(map, "name"), "x");
  EXPECT_EQ(*render_input(map, "rate"), "0.10");
  EXPECT_EQ(*render_input(map, "more"), R"({"a": [1, 2]})");
  EXPECT_EQ(*render_input(map, "e\u0301"), "true");
  EXPECT_EQ(render_input(map, "nmae").error().message,
            "the input has no key \"nmae\"; did you mean \"name\"?");
  EXPECT_EQ(render_input("1", "a").error().message,
            "the input is no map, so that there is no {{input.a}}");
}

}  // namespace
}  // namespace sheaf::model
