#include "scheduler/core/task_kinds.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/model/environment_fingerprint.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

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
  std::vector<model::TaskSettings> tasks(9, a_script("t", {}));
  tasks[1].libraries = {"x"};
  tasks[2].environment_key = "";
  tasks[3].pool = "p";
  tasks[4].resources.labels = {"l"};
  tasks[5].resources.gpus = 1;
  tasks[6].action = model::NotebookTask{.notebook_path = "/n.py"};
  tasks[7].resources.cpu_millis = 1;
  tasks[8].resources.memory_bytes = 1;
  const auto settings = with_tasks(tasks);
  const TaskKinds kinds(settings);
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

TEST(TaskKinds, OfAnIterationAreThoseOfItsOwnForEachTask) {
  CoreWorld world;
  world.register_worker("w", 8);
  auto settings = with_tasks({a_task("plain").build()});
  for (const char* name : {"x", "y"}) {
    model::TaskSettings inner = a_script(name, {name});
    inner.pool = name;
    model::TaskSettings loop =
        a_task("loop-" + std::string(name)).for_each("[1]", a_task("z")).build();
    std::get<model::ForEachTask>(loop.action).task = {inner};
    settings.tasks.push_back(loop);
  }
  const auto reply =
      world.turn(SubmitOnce{.settings_digest = "d",
                            .settings_json = "{}",
                            .settings = std::make_shared<const model::JobSettings>(settings)});
  ASSERT_TRUE(reply.has_value());
  std::map<std::string, std::vector<std::string>> dependencies;
  for (const StartAttempt& start : world.take_starts()) {
    dependencies[start.spec.task_key] = start.spec.environment->dependencies;
  }
  EXPECT_EQ(dependencies,
            (std::map<std::string, std::vector<std::string>>{
                {"plain", {}}, {"x", {"numpy", "x"}}, {"y", {"numpy", "y"}}}));
  EXPECT_EQ(world.state.pool_usage, (std::map<std::string, std::uint32_t>{{"x", 1}, {"y", 1}}));
}

}  // namespace
}  // namespace sheaf::core
