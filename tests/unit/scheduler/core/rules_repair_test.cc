// What a repair keeps and what it runs again, at its edges.
#include <gtest/gtest.h>

#include "common/base/limits.h"
#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using tests::a_job;
using tests::a_task;
using tests::CoreWorld;

std::int64_t repair(CoreWorld& world, RepairRun command) {
  const auto& repairs = world.run(command.run).repairs;
  command.latest_repair = repairs.empty() ? 0 : repairs.back().id;
  const auto reply = world.turn(command);
  EXPECT_TRUE(reply.has_value()) << reply.error().message;
  return std::get<RepairReply>(reply.value()).repair;
}

TEST(RepairRules, ATaskOfWhichNoAttemptEverRanHasNoHistory) {
  CoreWorld world;
  const RunId run =
      world.submit(world.deploy(a_job("j").task(a_task("t").argument("{{tasks.gone.values.x}}"))));
  ASSERT_EQ(world.state_of(run, "t"), TaskState::kFailed);
  repair(world, {.run = run, .all_failed = true});
  EXPECT_TRUE(world.details_of(run, "t").attempts.empty());
  EXPECT_EQ(world.run(run).state, RunState::kFailed) << "it fails as before";
}

TEST(RepairRules, ATaskThatStaysKeepsAllThatItHas) {
  CoreWorld world;
  world.register_worker("w", 2);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("good")).task(a_task("bad")).task(a_task("off").disabled())));
  world.publish(run, "good", "k", "1");
  world.finish(run, "good");
  const TaskRow before = world.row_of(run, "good");
  world.finish(run, "bad", 1);
  repair(world, {.run = run, .all_failed = true});
  EXPECT_EQ(world.row_of(run, "good"), before);
  EXPECT_EQ(world.details_of(run, "good").values.size(), 1U);
  EXPECT_EQ(world.state_of(run, "off"), TaskState::kDisabled);
  EXPECT_EQ(world.state_of(run, "bad"), TaskState::kLeased);
}

TEST(RepairRules, AFailedIterationKeepsItsAttemptsAndTheOthersTheirResults) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each("[1, 2]", a_task("one"), 2))));
  const TaskRow kept = world.iteration_row(run, "loop", 0);
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  repair(world, {.run = run, .all_failed = true});
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector<TaskState>{TaskState::kSucceeded, TaskState::kLeased}));
  EXPECT_EQ(world.iteration_row(run, "loop", 0).attempt, kept.attempt);
  const auto& details = world.stored_runs().at(run).details;
  EXPECT_EQ(details.at(2).attempts.size(), 1U) << "of the pass before";
  EXPECT_EQ(details.at(2).attempts[0].repair, 0U);
}

TEST(RepairRules, OtherInputsAreIteratedAnew) {
  // What stays the same is a matter of the text, the parameters, the job's name and the files.
  for (const auto& [inputs, count] : {std::pair("[1, 2, 3]", 1U), std::pair("[1, 2]", 2U)}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const auto job = [](const std::string& text) {
      return a_job("j").task(a_task("loop").for_each(text, a_task("one"), 8));
    };
    const RunId run = world.submit(world.deploy(job("[1, 2, 3]")));
    for (const std::uint32_t index : {0U, 1U, 2U}) {
      world.finish_iteration(run, "loop", index, index == 1 ? 1 : 0);
    }
    world.deploy(job(inputs));
    static_cast<void>(world.take_starts());
    repair(world, {.run = run, .all_failed = true});
    EXPECT_EQ(world.take_starts().size(), count) << inputs;
  }
}

TEST(RepairRules, InputsWithoutReferencesDoNotReadParameters) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j").parameter("p", "1").task(a_task("loop").for_each("[1, 2]", a_task("one"), 2))));
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  static_cast<void>(world.take_starts());
  repair(world, {.run = run, .all_failed = true, .overrides = {{"p", "2"}}});
  EXPECT_EQ(world.take_starts().size(), 1U);
}

TEST(RepairRules, InputsWithReferencesReadTheNameOfTheJobAndWhatRunsAgainBeforeThem) {
  for (const bool is_renamed : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const RunId run = world.submit(world.deploy(
        a_job("j").task(a_task("loop").for_each("[\"{{job.name}}\", 2]", a_task("one"), 2))));
    world.finish_iteration(run, "loop", 0);
    world.finish_iteration(run, "loop", 1, 1);
    StoredRun stored = world.stored_runs().at(run);
    Facts facts;
    facts.finished_run = std::make_shared<const StoredRun>(stored);
    facts.job = JobRecord{.id = stored.record.job, .name = is_renamed ? "k" : "j"};
    facts.job_settings = stored.settings;
    const auto step = decide(
        world.state, facts, RepairRun{.run = run, .all_failed = true}, world.now, world.batch);
    const auto& repaired = std::get<RunRepaired>(step->events.at(0));
    EXPECT_EQ(repaired.run->blocks.size(), is_renamed ? 0U : 1U);
  }
}

TEST(RepairRules, AFileOfInputsIsReadAgainWhereTheFilesAreOthers) {
  for (const bool is_changed : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 8);
    world.files["in.jsonl"] = "1\n2\n";
    const RunId run = world.submit(
        world.deploy(a_job("j").task(a_task("loop").for_each_line("in.jsonl", a_task("one"), 2))));
    world.finish_iteration(run, "loop", 0);
    world.finish_iteration(run, "loop", 1, 1);
    const StoredRun& stored = world.stored_runs().at(run);
    Facts facts;
    facts.finished_run = std::make_shared<const StoredRun>(stored);
    facts.job = JobRecord{.id = stored.record.job,
                          .name = "j",
                          .manifest_digest = is_changed ? "other" : stored.record.manifest_digest};
    facts.job_settings = stored.settings;
    const auto step = decide(
        world.state, facts, RepairRun{.run = run, .all_failed = true}, world.now, world.batch);
    EXPECT_EQ(std::get<RunRepaired>(step->events.at(0)).run->blocks.size(), is_changed ? 0U : 1U);
  }
}

TEST(RepairRules, ForEachTasksMoveWithTheirKeysAndGoWithThem) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run =
      world.submit(world.deploy(a_job("j")
                                    .task(a_task("gone").for_each("[1]", a_task("one")))
                                    .task(a_task("loop").for_each("[1, 2]", a_task("one"), 2))));
  world.finish_iteration(run, "gone", 0);
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  world.deploy(a_job("j")
                   .task(a_task("new"))
                   .task(a_task("other"))
                   .task(a_task("loop").for_each("[1, 2]", a_task("one"), 2)));
  static_cast<void>(world.take_starts());
  repair(world, {.run = run, .all_failed = true});
  ASSERT_EQ(world.run(run).blocks.size(), 1U);
  EXPECT_EQ(world.run(run).blocks[0].parent, 2U);
  EXPECT_EQ(world.run(run).blocks[0].first, 3U);
  EXPECT_EQ(world.iterations_of(run, "loop"),
            (std::vector<TaskState>{TaskState::kSucceeded, TaskState::kLeased}));
  EXPECT_EQ(world.state_of(run, "new"), TaskState::kLeased) << "it is new since the run began";
}

TEST(RepairRules, AncestorsOfAForEachTaskAreFoundHoweverFarAway) {
  for (const bool is_above : {false, true}) {
    CoreWorld world;
    world.register_worker("w", 8);
    auto loop = a_task("loop").for_each("{{job.parameters.p}}", a_task("one"), 2);
    loop.after("left").after("right");
    const RunId run = world.submit(world.deploy(a_job("j")
                                                    .parameter("p", "[1, 2]")
                                                    .task(a_task("top"))
                                                    .task(a_task("left").after("top"))
                                                    .task(a_task("right").after("top"))
                                                    .task(loop)
                                                    .task(a_task("aside"))));
    for (const char* task : {"top", "left", "right", "aside"}) {
      world.finish(run, task);
    }
    world.finish_iteration(run, "loop", 0);
    world.finish_iteration(run, "loop", 1, 1);
    repair(world, {.run = run, .tasks = {is_above ? "top" : "aside", "loop"}});
    EXPECT_EQ(world.run(run).blocks.size(), is_above ? 0U : 1U);
  }
}

TEST(RepairRules, WithOtherDependentsRunsAllThatDependOnIt) {
  for (const auto& [dependents, is_blocked] :
       {std::pair(RepairRun::Dependents::kOnlyUnsuccessful, false),
        std::pair(RepairRun::Dependents::kAll, true)}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const RunId run = world.submit(world.deploy(
        a_job("j").task(a_task("a")).task(a_task("b").after("a")).task(a_task("c").after("b"))));
    for (const char* task : {"a", "b", "c"}) {
      world.finish(run, task);
    }
    repair(world, {.run = run, .tasks = {"a"}, .dependents = dependents});
    EXPECT_EQ(world.state_of(run, "b") == TaskState::kBlocked, is_blocked);
    EXPECT_EQ(world.state_of(run, "c") == TaskState::kBlocked, is_blocked);
  }
}

TEST(RepairRules, PythonParametersStayUntilOthersAreGiven) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("t")));
  const auto reply = world.turn(SubmitRun{.job = job, .python_parameters = {"--first"}});
  const RunId run = std::get<SubmitReply>(*reply).run;
  using Parameters = std::vector<std::string>;
  for (const auto& [given, expected] : {std::pair(Parameters{}, Parameters{"--first"}),
                                        std::pair(Parameters{"--new"}, Parameters{"--new"}),
                                        std::pair(Parameters{}, Parameters{"--new"})}) {
    ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
    repair(world, {.run = run, .all_failed = true, .python_parameters = given});
    EXPECT_EQ(world.run(run).python_parameters, expected);
  }
}

TEST(RepairRules, ASelectionGrowsByWhatIsNamedAndOnlyOnce) {
  CoreWorld world;
  const JobId job = world.deploy(a_job("j").task(a_task("a")).task(a_task("b")));
  const auto reply = world.turn(SubmitRun{.job = job, .only = {"a"}});
  const RunId run = std::get<SubmitReply>(*reply).run;
  using Keys = std::vector<std::string>;
  for (const auto& [named, expected] :
       {std::pair("a", Keys{"a"}), std::pair("b", Keys{"a", "b"})}) {
    ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
    repair(world, {.run = run, .tasks = {named}});
    EXPECT_EQ(world.run(run).only, expected);
  }
}

TEST(RepairRules, OverridesReplaceThoseGivenBeforeAndLeaveTheOthers) {
  CoreWorld world;
  const JobId job =
      world.deploy(a_job("j").parameter("p", "0").parameter("q", "0").task(a_task("t")));
  const RunId run = world.submit(job, {{"p", "1"}, {"q", "1"}});
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  repair(world, {.run = run, .all_failed = true, .overrides = {{"p", "2"}}});
  EXPECT_EQ(world.run(run).overrides, (model::NamedStrings{{"q", "1"}, {"p", "2"}}));
  EXPECT_EQ(world.run(run).parameters, (model::NamedStrings{{"p", "2"}, {"q", "1"}}));
}

TEST(RepairRules, OfARunThatNeverWasIsNotFound) {
  CoreWorld world;
  const auto refused = world.turn(RepairRun{.run = RunId{42}, .all_failed = true});
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
}

TEST(RepairRules, ATaskThatTheJobDoesNotHaveIsRefusedWithTheNearestName) {
  CoreWorld world;
  const RunId run = world.submit(world.deploy(a_job("j").task(a_task("train"))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  const auto refused = world.turn(RepairRun{.run = run, .tasks = {"trian"}});
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().message,
            "rerun_tasks: the job has no task \"trian\"; did you mean \"train\"?");
}

TEST(RepairRules, EveryPassKeepsItsOwnTimesAndEnds) {
  CoreWorld world;
  world.register_worker("w", 1);
  const RunId run =
      world.submit(world.deploy(a_job("j").timeout(std::chrono::hours(1)).task(a_task("t"))));
  const Timestamp first = world.now;
  world.finish(run, "t", 1);
  world.pass(std::chrono::seconds(60));
  repair(world, {.run = run, .all_failed = true});
  EXPECT_EQ(world.run(run).started, first);
  EXPECT_EQ(world.run(run).deadline, world.now + std::chrono::hours(1)) << "each pass has its own";
  world.deploy(a_job("j").timeout(std::chrono::hours(2)).task(a_task("t")));
  EXPECT_EQ(world.run(run).deadline, world.now + std::chrono::hours(2));
  world.pass(std::chrono::seconds(60));
  world.finish(run, "t");
  const auto repairs = world.run(run).repairs;
  ASSERT_EQ(repairs.size(), 2U);
  EXPECT_EQ(repairs[0].state, RunState::kFailed);
  EXPECT_EQ(repairs[0].ended, first);
  EXPECT_EQ(repairs[1].state, RunState::kSucceeded);
  EXPECT_EQ(repairs[1].started, first + std::chrono::seconds(60));
  EXPECT_EQ(repairs[1].ended, first + std::chrono::seconds(120));
}

TEST(RepairRules, ASuccessfulForEachTaskStaysWithItsIterations) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j").task(a_task("bad")).task(a_task("loop").for_each("[1]", a_task("one")))));
  world.finish_iteration(run, "loop", 0);
  const TaskRow kept = world.iteration_row(run, "loop", 0);
  world.finish(run, "bad", 1);
  repair(world, {.run = run, .all_failed = true});
  EXPECT_EQ(world.state_of(run, "loop"), TaskState::kSucceeded);
  EXPECT_EQ(world.iteration_row(run, "loop", 0), kept);
  world.finish(run, "bad");
  EXPECT_EQ(world.run(run).state, RunState::kSucceeded);
}

TEST(RepairRules, IterationsThatNeverBeganBeginWithTheRepair) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j").task(a_task("loop").for_each("[1, 2, 3]", a_task("one")))));
  ASSERT_TRUE(world.turn(CancelRun{.run = run}).has_value());
  world.finish_iteration(run, "loop", 0);
  ASSERT_EQ(world.iterations_of(run, "loop"),
            (std::vector<TaskState>{
                TaskState::kSucceeded, TaskState::kCancelled, TaskState::kCancelled}));
  repair(world, {.run = run, .all_failed = true});
  EXPECT_EQ(
      world.iterations_of(run, "loop"),
      (std::vector<TaskState>{TaskState::kSucceeded, TaskState::kLeased, TaskState::kBlocked}));
  EXPECT_NE(world.iteration_row(run, "loop", 1).attempt,
            world.iteration_row(run, "loop", 2).attempt);
}

TEST(RepairRules, InputsFromAnotherFileAreReadAnew) {
  CoreWorld world;
  world.register_worker("w", 8);
  world.files = {{"old.jsonl", "1\n2\n"}, {"new.jsonl", "1\n2\n3\n"}};
  const auto job = [](const std::string& file) {
    return a_job("j").task(a_task("loop").for_each_line(file, a_task("one"), 3));
  };
  const RunId run = world.submit(world.deploy(job("old.jsonl")));
  world.finish_iteration(run, "loop", 0);
  world.finish_iteration(run, "loop", 1, 1);
  world.deploy(job("new.jsonl"));
  repair(world, {.run = run, .all_failed = true});
  EXPECT_EQ(world.iterations_of(run, "loop").size(), 3U);
}

TEST(RepairRules, EverythingBetweenTwoTasksThatRunAgainDoesToo) {
  CoreWorld world;
  world.register_worker("w", 8);
  auto job = a_job("j").task(a_task("t0"));
  for (int i = 1; i < 5; ++i) {
    job.task(a_task("t" + std::to_string(i)).after("t" + std::to_string(i - 1)));
  }
  const RunId run = world.submit(world.deploy(job));
  for (int i = 0; i < 5; ++i) {
    world.finish(run, "t" + std::to_string(i));
  }
  repair(world, {.run = run, .tasks = {"t0", "t3"}});
  for (const char* task : {"t1", "t2", "t3"}) {
    EXPECT_EQ(world.state_of(run, task), TaskState::kBlocked) << task;
  }
  EXPECT_EQ(world.state_of(run, "t4"), TaskState::kSucceeded);
}

}  // namespace
}  // namespace sheaf::core
