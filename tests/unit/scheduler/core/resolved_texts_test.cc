// What a stored run says that the texts of its tasks came to.
#include "scheduler/core/resolved_texts.h"

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

}  // namespace
}  // namespace sheaf::core
