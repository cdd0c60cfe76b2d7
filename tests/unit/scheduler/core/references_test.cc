#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

TEST(References, ResolveFromParametersRunAndValues) {
  CoreWorld world;
  world.register_worker("w", 1);
  const JobId job = world.deploy(
      a_job("j")
          .parameter("reason", "none")
          .task(a_task("a"))
          .task(a_task("b").after("a").argument("{{job.parameters.reason}}/{{job.run_id}}/"
                                                "{{job.trigger.type}}/{{tasks.a.values.k}}")));
  const RunId run = world.submit(job, {{"reason", "drift"}});
  world.publish(run, "a", "k", "\"v\"");
  static_cast<void>(world.take_starts());
  world.finish(run, "a");
  const auto starts = world.take_starts();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].spec.arguments.at(1), "drift/" + to_string(run) + "/one_time/v");
}

// A run of job "wine" in which "up" has ended with `exit_code` and "last", with this argument, is
// on a worker.
class ReferenceWorld : public CoreWorld {
 public:
  explicit ReferenceWorld(const std::string& argument, int exit_code = 0) {
    register_worker("w", 2);
    id = submit(deploy(a_job("wine")
                           .parameter("day", "{{job.start_time.iso_date}}")
                           .parameter("text", "{{job.start_time.iso_date}}")
                           .task(a_task("up").retries(1))
                           .task(a_task("last")
                                     .after("up")
                                     .run_if(RunIf::kAllDone)
                                     .retries(2)
                                     .argument(argument))),
                {{"text", "{{job.id}}"}});
    finish(id, "up", 1);
    pass(Milliseconds(0));
    finish(id, "up", exit_code);
  }

  /// What the argument has become in the attempt that was started last.
  std::string resolved() {
    const auto starts = take_starts();
    return starts.empty() || starts.back().spec.task_key != "last"
               ? std::string("not started")
               : starts.back().spec.arguments.back();
  }

  RunId id;
};

std::string resolved(const std::string& argument, int exit_code = 0) {
  return ReferenceWorld(argument, exit_code).resolved();
}

TEST(References, OfTheRunAreItsOwn) {
  EXPECT_EQ(resolved("{{job.name}}/{{job.repair_count}}/{{job.trigger.type}}"), "wine/0/one_time");
  // The world begins at 2023-11-14T22:13:20Z, a Tuesday.
  EXPECT_EQ(resolved("{{job.start_time.iso_datetime}} {{job.start_time.iso_weekday}}"),
            "2023-11-14T22:13:20Z 2");
  EXPECT_EQ(resolved("{{job.trigger.time.timestamp_ms}}"), "1700000000000");
  EXPECT_EQ(resolved("{{start_date}} {{start_time}}"), "2023-11-14 1700000000000");
}

TEST(References, OfTheTaskNameItsAttempt) {
  ReferenceWorld world(
      "{{task.name}} {{task.execution_count}} {{task_retry_count}} {{task.run_id}}");
  const auto attempt = [&world] { return to_string(world.row_of(world.id, "last").attempt); };
  EXPECT_EQ(world.resolved(), "last 1 0 " + attempt());
  world.finish(world.id, "last", 1);
  world.pass(Milliseconds(0));
  EXPECT_EQ(world.resolved(), "last 2 1 " + attempt());
}

TEST(References, OfAnUpstreamTaskTellItsEnd) {
  const std::string wanted =
      "{{tasks.up.result_state}}/{{tasks.up.error_code}}/{{tasks.up.execution_count}}";
  EXPECT_EQ(resolved(wanted, 0), "success//2");
  EXPECT_EQ(resolved(wanted, 1), "failed/RunExecutionError/2");
  ReferenceWorld world("{{tasks.up.run_id}}");
  EXPECT_EQ(world.resolved(), to_string(world.row_of(world.id, "up").attempt));
}

TEST(References, OfNotebooksNameTheirFile) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("report")
                                    .task(a_task("first").notebook("/files/first"))
                                    .task(a_task("last").after("first").argument(
                                        "{{tasks.first.notebook_path}}|{{task.notebook_path}}"))));
  world.finish(run, "first", 0);
  const auto starts = world.take_starts();
  ASSERT_FALSE(starts.empty());
  EXPECT_EQ(starts.back().spec.arguments.back(), "/files/first|");
}

TEST(References, InDefaultsAreResolvedAndInGivenValuesAreNot) {
  EXPECT_EQ(resolved("{{job.parameters.day}}"), "2023-11-14");
  EXPECT_EQ(resolved("{{job.parameters.text}}"), "{{job.id}}");
}

TEST(References, OfUnknownNamespacesStay) {
  EXPECT_EQ(resolved("{{foo.bar}} {{my.value} {{job.name}}"), "{{foo.bar}} {{my.value} wine");
}

TEST(References, ToTheInputNeedAForEachTask) {
  ReferenceWorld world("{{input}}");
  EXPECT_EQ(world.state_of(world.id, "last"), TaskState::kFailed);
  EXPECT_EQ(world.details_of(world.id, "last").message,
            "{{input}} is known only to what a for-each task repeats");
}

TEST(References, ToTheInputReadOneElement) {
  CoreWorld world;
  world.register_worker("w", 2);
  world.submit(world.deploy(a_job("wine").task(a_task("each").for_each(
      R"(["red", {"colour": "white", "share": 0.50}])",
      a_task("one").argument("{{input}}").argument("{{task.name}} {{task.execution_count}}"),
      2))));
  const auto starts = world.take_starts();
  ASSERT_EQ(starts.size(), 2U);
  EXPECT_EQ(starts[0].spec.arguments.at(1), "red");
  EXPECT_EQ(starts[1].spec.arguments.at(1), R"({"colour": "white", "share": 0.50})");
  EXPECT_EQ(starts[0].spec.arguments.at(2), "one 1");
}

TEST(References, ToAPartOfTheInputFailTheIterationThatHasNone) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(a_job("wine").task(a_task("each").for_each(
      R"([{"share": 0.50}, {"shaer": 1}])", a_task("one").argument("{{input.share}}"), 2))));
  const auto starts = world.take_starts();
  ASSERT_EQ(starts.size(), 1U);
  EXPECT_EQ(starts[0].spec.arguments.at(1), "0.50");
  EXPECT_EQ(world.iteration_row(run, "each", 1).state, TaskState::kFailed);
}

TEST(References, InDefaultsAreOfTheRunOnly) {
  struct Row {
    const char* text;
    bool is_known;
  };
  for (const Row& row : {Row{"{{job.id}}", true},
                         Row{"{{job.name}}", true},
                         Row{"{{job.run_id}}", true},
                         Row{"{{job.repair_count}}", true},
                         Row{"{{job.trigger.type}}", true},
                         Row{"{{job.parameters.other}}", false},
                         Row{"{{task.name}}", false},
                         Row{"{{task.run_id}}", false},
                         Row{"{{task.execution_count}}", false},
                         Row{"{{task_retry_count}}", false},
                         Row{"{{task.notebook_path}}", false},
                         Row{"{{tasks.t.notebook_path}}", false},
                         Row{"{{tasks.t.run_id}}", false},
                         Row{"{{tasks.t.result_state}}", false},
                         Row{"{{tasks.t.error_code}}", false},
                         Row{"{{tasks.t.execution_count}}", false},
                         Row{"{{tasks.t.values.k}}", false},
                         Row{"{{input}}", false}}) {
    CoreWorld world;
    world.register_worker("w", 1);
    const RunId run =
        world.submit(world.deploy(a_job("j")
                                      .parameter("p", row.text)
                                      .parameter("other", "1")
                                      .task(a_task("t").argument("{{job.parameters.p}}"))));
    EXPECT_EQ(world.state_of(run, "t") == TaskState::kLeased, row.is_known) << row.text;
    if (!row.is_known) {
      EXPECT_EQ(world.details_of(run, "t").message,
                "a default may hold references to the run only");
    }
  }
}

TEST(References, ToTheJobAreItsId) {
  ReferenceWorld world("{{job.id}}");
  EXPECT_EQ(world.resolved(), to_string(world.run(world.id).job));
}

TEST(References, ToAValueFindItAmongOthersOrSayThatItWasNotSet) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("b").after("a").argument("{{tasks.a.values.second}}"))));
  const TaskRow row = world.row_of(run, "a");
  ASSERT_TRUE(world
                  .turn(ReportValues{.worker = row.worker,
                                     .attempt = row.attempt,
                                     .fence = row.fence,
                                     .values = {{"first", "1"}, {"second", "2"}}})
                  .has_value());
  world.finish(run, "a");
  EXPECT_EQ(world.take_starts().back().spec.arguments.back(), "2");
  const LiveRun& live = *world.state.find_run(run);
  EXPECT_EQ(resolve_text(live, 1, "{{tasks.a.values.third}}").error().message,
            "task \"a\" has set no value \"third\"");
  EXPECT_EQ(resolve_text(live, 1, "{{tasks.b.values.third}}").error().message,
            "task \"b\" has set no value \"third\"");
}

}  // namespace
}  // namespace sheaf::core
