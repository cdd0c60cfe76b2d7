// What is compiled of a job's settings before its runs: task kinds, and the look-up by key.
#include "scheduler/core/task_kinds.h"

#include <set>

#include <gtest/gtest.h>

#include "common/model/environment_fingerprint.h"
#include "scheduler/core/job_graph.h"
#include "tests/support/builders.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;

model::TaskSettings a_script(const std::string& key, std::vector<std::string> libraries) {
  model::TaskSettings task = a_task(key).build();
  task.action = model::SparkPythonTask{.python_file = "/f.py"};
  task.environment_key = "e";
  task.libraries = std::move(libraries);
  return task;
}

model::JobSettings with_tasks(std::vector<model::TaskSettings> tasks) {
  model::JobSettings job = a_job("j").priority(3).build();
  job.environments = {{.environment_key = "e", .dependencies = {"numpy"}}};
  job.tasks = std::move(tasks);
  return job;
}

TEST(TaskKinds, ThoseAlikeShareOne) {
  const TaskKinds kinds(with_tasks({a_script("a", {"x"}), a_script("b", {"x"})}));
  EXPECT_EQ(&kinds.of(0), &kinds.of(1));
  EXPECT_EQ(kinds.of(0).environment->dependencies, (std::vector<std::string>{"numpy", "x"}));
  EXPECT_EQ(kinds.of(0).shape.priority, 3);
  EXPECT_EQ(kinds.of(0).shape.environment,
            model::environment_fingerprint(*kinds.of(0).environment));
}

TEST(TaskKinds, EachThingThatDecidesMakesAnother) {
  std::vector<model::TaskSettings> tasks(7, a_script("t", {}));
  tasks[1].libraries = {"x"};
  tasks[2].environment_key = "";
  tasks[3].pool = "p";
  tasks[4].resources.labels = {"l"};
  tasks[5].resources.gpus = 1;
  tasks[6].action = model::NotebookTask{.notebook_path = "/n.py"};
  const TaskKinds kinds(with_tasks(tasks));
  std::set<const TaskKind*> all;
  for (TaskIndex task = 0; task < tasks.size(); ++task) {
    all.insert(&kinds.of(task));
  }
  EXPECT_EQ(all.size(), tasks.size());
  EXPECT_EQ(kinds.of(2).environment, model::EnvironmentSettings{});
  EXPECT_EQ(kinds.of(3).shape.pool, "p");
  EXPECT_EQ(kinds.of(4).shape.resources.labels, std::vector<std::string>{"l"});
  EXPECT_GT(kinds.of(6).environment->dependencies.size(), 1U) << "what notebooks need";
}

TEST(TaskKinds, LibrariesAloneMakeAnEnvironment) {
  model::TaskSettings task = a_script("t", {"x"});
  task.environment_key.clear();
  const TaskKinds kinds(with_tasks({task, a_task("command").build()}));
  EXPECT_EQ(kinds.of(0).environment->dependencies, std::vector<std::string>{"x"});
  EXPECT_NE(kinds.of(0).shape.environment, 0U);
  EXPECT_EQ(kinds.of(1).shape.environment, 0U);
}

TEST(TaskKinds, OfAForEachTaskIsThatOfWhatItRepeats) {
  const auto job =
      a_job("j").task(a_task("each").pool("outer").for_each("[1]", a_task("one").pool("inner")));
  EXPECT_EQ(TaskKinds(job.build()).of(0).shape.pool, "inner");
}

TEST(JobGraph, FindsATaskByItsKey) {
  const auto job = a_job("j").task(a_task("c")).task(a_task("a").after("c")).task(a_task("b"));
  const JobGraph graph(job.build());
  EXPECT_EQ(graph.find("c"), 0U);
  EXPECT_EQ(graph.find("a"), 1U);
  EXPECT_EQ(graph.find("b"), 2U);
  for (const char* key : {"", "aa", "d"}) {
    EXPECT_EQ(graph.find(key), std::nullopt) << key;
  }
}

}  // namespace
}  // namespace sheaf::core
