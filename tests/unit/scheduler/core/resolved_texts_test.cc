// What a stored run says that the texts of its tasks came to.
#include "scheduler/core/resolved_texts.h"

#include <memory>

#include <gtest/gtest.h>

#include "tests/support/builders.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

TextResolver resolver_of(const CoreWorld& world, RunId run) {
  return TextResolver(world.stored_runs().at(run));
}

TEST(ResolvedTexts, FillInWhatTheAttemptsOfARunWereGiven) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("a").argument("{{job.run_id}}"))
          .task(a_task("c").condition("{{job.name}}", model::ConditionOperator::kEqualTo, "j"))
          .task(
              a_task("loop").for_each(R"(["x", "y"])", a_task("each").argument("{{input}}"), 2))));
  world.finish(run, "a");
  const TextResolver resolver = resolver_of(world, run);
  EXPECT_EQ(resolver.resolve(0).value().arguments.back(), to_string(run));
  EXPECT_EQ(resolver.resolve(1).value().left, "j");
  EXPECT_EQ(resolver.resolve(1).value().right, "j");
  EXPECT_TRUE(resolver.resolve(2).value().arguments.empty());
  EXPECT_EQ(resolver.resolve(3).value().arguments.back(), "x");
  EXPECT_EQ(resolver.resolve(4).value().arguments.back(), "y");
}

TEST(ResolvedTexts, SayWhyTheyDoNotResolve) {
  CoreWorld world;
  world.register_worker("w", 4);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("b").after("a").argument("{{tasks.a.values.k}}"))
                       .task(a_task("c").after("a").condition(
                           "{{tasks.a.values.k}}", model::ConditionOperator::kEqualTo, "1"))));
  world.finish(run, "a");
  const TextResolver resolver = resolver_of(world, run);
  EXPECT_NE(resolver.resolve(1).error().message.find("has set no value \"k\""), std::string::npos);
  EXPECT_FALSE(resolver.resolve(2).has_value());
}

TEST(ResolvedTexts, AreThoseOfTheRowAndOfTheValuesThatItRead) {
  CoreWorld world;
  world.register_worker("w", 4);
  const auto jobs =
      world.deploy_all({a_job("j")
                            .task(a_task("a").argument("{{task.run_id}}"))
                            .task(a_task("b").after("a").argument("{{tasks.a.values.k}}"))
                            .task(a_task("call").starts("child", {{"p", "{{job.name}}"}})),
                        a_job("child").task(a_task("c"))});
  const RunId run = world.submit(jobs[0]);
  world.publish(run, "a", "k", "7");
  world.finish(run, "a");
  const TextResolver resolver = resolver_of(world, run);
  EXPECT_EQ(resolver.resolve(0).value().arguments,
            (std::vector<std::string>{"true", to_string(world.row_of(run, "a").attempt)}));
  EXPECT_EQ(resolver.resolve(1).value().arguments, (std::vector<std::string>{"true", "7"}));
  EXPECT_EQ(resolver.resolve(2).value().job_parameters, (NamedStrings{{"p", "j"}}));
}

TEST(ResolvedTexts, OfAPythonFileAreWhatStandsBehindIt) {
  CoreWorld world;
  world.register_worker("w", 1);
  model::JobSettings settings = a_job("j").task(a_task("p")).build();
  settings.tasks[0].action =
      model::SparkPythonTask{.python_file = "x.py", .parameters = {"one", "{{job.name}}"}};
  const auto reply = world.turn(
      SubmitOnce{.settings_digest = "d",
                 .settings_json = "{}",
                 .settings = std::make_shared<const model::JobSettings>(std::move(settings))});
  const RunId run = std::get<SubmitReply>(reply.value()).run;
  EXPECT_EQ(resolver_of(world, run).resolve(0).value().arguments,
            (std::vector<std::string>{"one", "j"}));
}

TEST(ResolvedTexts, NameTheReferenceThatDoesNotResolve) {
  CoreWorld world;
  world.register_worker("w", 1);
  const std::string missing = "{{tasks.a.values.k}}";
  const auto jobs = world.deploy_all(
      {a_job("j")
           .task(a_task("a"))
           .task(a_task("c").after("a").condition("1", model::ConditionOperator::kEqualTo, missing))
           .task(a_task("call").after("a").starts("child", {{"p", missing}})),
       a_job("child").task(a_task("c"))});
  const TextResolver resolver = resolver_of(world, world.submit(jobs[0]));
  for (const TaskIndex task : {1U, 2U}) {
    EXPECT_EQ(resolver.resolve(task).error().message, "task \"a\" has set no value \"k\"") << task;
  }
}

}  // namespace
}  // namespace sheaf::core
