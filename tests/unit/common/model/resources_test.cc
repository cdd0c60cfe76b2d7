#include "common/model/resources.h"

#include <string>

#include <gtest/gtest.h>

namespace sheaf::model {
namespace {

// One task with this `sheaf` block; `more` are further members of the job, `beside` of the task.
struct TaskText {
  std::string sheaf;
  std::string beside;
  std::string more;
};

std::string job_of(const TaskText& text) {
  return R"({"tasks": [{"task_key": "a", "command_task": {"command": ["x"]})" +
         (text.sheaf.empty() ? "" : ", \"sheaf\": {" + text.sheaf + "}") +
         (text.beside.empty() ? "" : ", " + text.beside) + "}]" +
         (text.more.empty() ? "" : ", " + text.more) + "}";
}

TaskSettings task_of(const TaskText& text) {
  const auto settings = parse_job_settings(job_of(text));
  EXPECT_TRUE(settings) << settings.error().message;
  return settings ? settings->tasks[0] : TaskSettings{};
}

std::string error_of(const TaskText& text) {
  const auto settings = parse_job_settings(job_of(text));
  EXPECT_FALSE(settings) << text.sheaf;
  return settings ? std::string() : settings.error().message;
}

TEST(Memory, IsReadWithBinaryAndDecimalUnits) {
  const std::int64_t kib = 1024;
  EXPECT_EQ(*parse_memory("4GiB"), 4 * kib * kib * kib);
  EXPECT_EQ(*parse_memory("512MB"), 512'000'000);
  EXPECT_EQ(*parse_memory("1.5 GiB"), 3 * kib * kib * kib / 2);
  EXPECT_EQ(*parse_memory("1048576"), kib * kib);
  EXPECT_EQ(*parse_memory("2kB"), 2'000);
  for (const char* text :
       {"", "GiB", "0", "-1GiB", "4Gib", "4 G", "1e3", "4GiB ", "inf", "nan", "99999TiB"}) {
    EXPECT_FALSE(parse_memory(text)) << text;
  }
}

TEST(Labels, AreNamesWithOrWithoutAValue) {
  EXPECT_TRUE(is_label("fast-disk"));
  EXPECT_TRUE(is_label("zone=b"));
  EXPECT_TRUE(is_label("example.org/zone=b.1"));
  EXPECT_TRUE(is_label("zone="));
  for (const char* label : {"", "=b", "a b", "a=b=c", "a,b"}) {
    EXPECT_FALSE(is_label(label)) << label;
  }
}

TEST(TaskBlock, AsksForResourcesLabelsAndAPool) {
  const TaskSettings task =
      task_of({.sheaf = R"("resources": {"cpu": 0.5, "memory": "4GiB", "gpus": 1},
                                                 "labels": {"zone": "b", "disk": true, "n": 1}, "pool": "licences",
                                                 "max_lost": 0)"});
  EXPECT_EQ(task.resources.cpu_millis, 500);
  EXPECT_EQ(task.resources.memory_bytes, std::int64_t{4} << 30);
  EXPECT_EQ(task.resources.gpus, 1);
  EXPECT_EQ(task.resources.labels, (std::vector<std::string>{"disk=true", "n=1", "zone=b"}));
  EXPECT_EQ(task.pool, "licences");
  EXPECT_EQ(task.max_lost, 0);
  EXPECT_EQ(task_of({.sheaf = R"("resources": {"cpu": 2}, "labels": ["b", "a", "b"])"}).resources,
            (ResourceRequest{.cpu_millis = 2'000, .labels = {"a", "b"}}));
}

TEST(TaskBlock, SaysHowAndAfterWhatToRepeat) {
  const TaskSettings task =
      task_of({.sheaf = R"("retry": {"backoff": {"initial_seconds": 0.5, "max_seconds": 300},
                             "only_on": [137, 1, "LOST", "TIMEOUT", "OOM", 1]})",
               .beside = R"("max_retries": 3)"});
  EXPECT_EQ(task.backoff.first, Milliseconds(500));
  EXPECT_EQ(task.backoff.longest, Milliseconds(300'000));
  EXPECT_EQ(task.retry_only_on.exit_codes, (std::vector<int>{1, 137}));
  EXPECT_TRUE(task.retry_only_on.on_lost);
  EXPECT_TRUE(task.retry_only_on.on_timeout);
  EXPECT_TRUE(task.retry_only_on.on_out_of_memory);
  EXPECT_TRUE(task.retry_on_timeout) << "TIMEOUT in only_on says the same";
}

TEST(JobClusters, SayWhatTheirTasksNeed) {
  const std::string clusters =
      R"("job_clusters": [{"job_cluster_key": "big", "new_cluster": {"num_workers": 9},
          "sheaf": {"resources": {"cpu": 4, "memory": "1GiB"}, "labels": ["gpu"]}}])";
  EXPECT_EQ(task_of({.beside = R"("job_cluster_key": "big")", .more = clusters}).resources,
            (ResourceRequest{
                .cpu_millis = 4'000, .memory_bytes = std::int64_t{1} << 30, .labels = {"gpu"}}));
  const TaskText own = {.sheaf = R"("resources": {"cpu": 1}, "labels": ["zone=b"])",
                        .beside = R"("job_cluster_key": "big")",
                        .more = clusters};
  EXPECT_EQ(task_of(own).resources,
            (ResourceRequest{.cpu_millis = 1'000,
                             .memory_bytes = std::int64_t{1} << 30,
                             .labels = {"gpu", "zone=b"}}));
}

TEST(Priority, IsOfTheJob) {
  const auto settings = parse_job_settings(job_of({.more = R"("sheaf": {"priority": -1000})"}));
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->priority, -1'000);
  EXPECT_EQ(error_of({.more = R"("sheaf": {"priority": 1001})"}),
            "sheaf.priority: 1001 is out of range; Write a number from -1000 to 1000.");
}

struct Refusal {
  TaskText text;
  std::string error;
};

class TaskBlockRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(TaskBlockRefusals, NameThePlaceAndTheCure) {
  EXPECT_EQ(error_of(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    TaskBlockRefusals,
    testing::Values(
        Refusal{{.sheaf = R"("resources": {"cpu": 0})"},
                "tasks[0].sheaf.resources.cpu: not a number of cores; Write a number from 0.001 to "
                "1024."},
        Refusal{{.sheaf = R"("resources": {"memory": "4 gigs"})"},
                "tasks[0].sheaf.resources.memory: \"4 gigs\" is not an amount of memory; Write "
                "4GiB, 512MB or a number of bytes."},
        Refusal{{.sheaf = R"("resources": {"gpus": -1})"},
                "tasks[0].sheaf.resources.gpus: -1 is out of range; Write a number from 0 to 64."},
        Refusal{{.sheaf = R"("resources": {"cpus": 1})"},
                "tasks[0].sheaf.resources.cpus: unknown field; did you mean \"cpu\"?"},
        Refusal{{.sheaf = R"("labels": "gpu")"},
                "tasks[0].sheaf.labels: expected a list or a map; Write [gpu, zone=b] or {zone: "
                "b}."},
        Refusal{{.sheaf = R"("labels": ["a b"])"},
                "tasks[0].sheaf.labels[0]: \"a b\" is not a label; Write `name` or `name=value` of "
                "letters, digits, `_`, `-`, `.` and `/`."},
        Refusal{{.sheaf = R"("pool": "")"},
                "tasks[0].sheaf.pool: \"\" is not a name of a pool; Use 1 to 100 letters, digits, "
                "`_` and `-`."},
        Refusal{{.sheaf = R"("retry": {"only_on": [0]})"},
                "tasks[0].sheaf.retry.only_on[0]: not an end of an attempt; Write exit statuses "
                "from 1 to 255, LOST, TIMEOUT or OOM."},
        Refusal{{.sheaf = R"("retry": {"only_on": ["TIMEOUTS"]})"},
                "tasks[0].sheaf.retry.only_on[0]: not an end of an attempt; did you mean "
                "\"TIMEOUT\"?; Write exit statuses from 1 to 255, LOST, TIMEOUT or OOM."},
        Refusal{{.sheaf = R"("retry": {"only_on": [1]})", .beside = R"("retry_on_timeout": true)"},
                "tasks[0].sheaf.retry.only_on: retry_on_timeout is set, but TIMEOUT is not among "
                "what is repeated; Add TIMEOUT, or remove retry_on_timeout."},
        Refusal{{.sheaf = R"("retry": {"backoff": {"initial_seconds": 9, "max_seconds": 3}})"},
                "tasks[0].sheaf.retry.backoff.max_seconds: less than initial_seconds; The pauses "
                "grow from initial_seconds to max_seconds."},
        Refusal{{.sheaf = R"("retry": {"backoff": {"initial_seconds": 0, "max_seconds": 3}})"},
                "tasks[0].sheaf.retry.backoff.initial_seconds: out of range; Write seconds from "
                "0.001 to 604800 (seven days)."}));

}  // namespace
}  // namespace sheaf::model
