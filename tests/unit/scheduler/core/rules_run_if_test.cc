// When a task runs: run_if over what its dependencies came to, disabled tasks, selections.
#include <gtest/gtest.h>

#include "tests/support/core_world.h"

namespace sheaf::core {
namespace {

using model::ConditionOperator;
using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::CoreWorld;
using tests::JobBuilder;

constexpr std::array kEveryRunIf{RunIf::kAllSuccess,
                                 RunIf::kAtLeastOneSuccess,
                                 RunIf::kNoneFailed,
                                 RunIf::kAllDone,
                                 RunIf::kAtLeastOneFailed,
                                 RunIf::kAllFailed};

/// R runs, E excluded, U upstream failed, C upstream cancelled, D disabled.
char letter_of(TaskState state) {
  switch (state) {
    case TaskState::kLeased:
      return 'R';
    case TaskState::kExcluded:
      return 'E';
    case TaskState::kUpstreamFailed:
      return 'U';
    case TaskState::kUpstreamCancelled:
      return 'C';
    case TaskState::kDisabled:
      return 'D';
    default:
      return '?';
  }
}

/// Task "t" behind one dependency for each letter: S succeeds, F fails, C is cancelled, and X is a
/// condition whose outcome is not the wanted one. What becomes of "t".
char judged(RunIf run_if, const std::string& mix) {
  JobBuilder job = a_job("j");
  auto task = a_task("t").run_if(run_if);
  for (std::size_t i = 0; i < mix.size(); ++i) {
    const std::string key = "d" + std::to_string(i);
    if (mix[i] == 'X') {
      job.task(a_task(key).condition("1", ConditionOperator::kEqualTo, "2"));
      task.after(key, true);
    } else {
      job.task(a_task(key));
      task.after(key);
    }
  }
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(job.task(task)));
  for (std::size_t i = 0; i < mix.size(); ++i) {
    const std::string key = "d" + std::to_string(i);
    if (mix[i] != 'X') {
      EXPECT_EQ(world.state_of(run, "t"), TaskState::kBlocked) << "judged before all were over";
      world.end_as(run,
                   key,
                   mix[i] == 'S'   ? TaskState::kSucceeded
                   : mix[i] == 'F' ? TaskState::kFailed
                                   : TaskState::kCancelled);
    }
  }
  return letter_of(world.state_of(run, "t"));
}

struct MixCase {
  const char* mix;
  const char* expected;  ///< A letter for each of kEveryRunIf.
};

class RunIfMixes : public testing::TestWithParam<MixCase> {};

TEST_P(RunIfMixes, AreJudgedAsDocumented) {
  std::string verdicts;
  for (const RunIf run_if : kEveryRunIf) {
    verdicts += judged(run_if, GetParam().mix);
  }
  EXPECT_EQ(verdicts, GetParam().expected) << GetParam().mix;
}

// ALL_SUCCESS, AT_LEAST_ONE_SUCCESS, NONE_FAILED, ALL_DONE, AT_LEAST_ONE_FAILED, ALL_FAILED
INSTANTIATE_TEST_SUITE_P(Table,
                         RunIfMixes,
                         testing::Values(MixCase{"", "RRRREE"},
                                         MixCase{"S", "RRRREE"},
                                         MixCase{"X", "EEEEEE"},
                                         MixCase{"F", "UUURRR"},
                                         MixCase{"SS", "RRRREE"},
                                         MixCase{"SX", "RRRREE"},
                                         MixCase{"SF", "URURRE"},
                                         MixCase{"XX", "EEEEEE"},
                                         MixCase{"XF", "UUURRE"},
                                         MixCase{"FF", "UUURRR"},
                                         MixCase{"SXF", "URURRE"},
                                         MixCase{"C", "CCCRRR"},
                                         MixCase{"SC", "CRCRRE"},
                                         MixCase{"XC", "CCCRRE"},
                                         MixCase{"CF", "UUURRR"}));

TEST(RunIf, EveryUnsuccessfulEndOfADependencyIsAFailure) {
  for (const TaskState end : {TaskState::kFailed,
                              TaskState::kTimedOut,
                              TaskState::kCancelled,
                              TaskState::kInternalError}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const RunId run = world.submit(world.deploy(
        a_job("j")
            .task(a_task("a"))
            .task(a_task("next").after("a"))
            .task(a_task("handler").after("a").run_if(RunIf::kAllFailed))
            .task(a_task("after_next").after("next").run_if(RunIf::kAtLeastOneFailed))));
    world.end_as(run, "a", end);
    EXPECT_EQ(world.state_of(run, "a"), end);
    EXPECT_EQ(
        world.state_of(run, "next"),
        end == TaskState::kCancelled ? TaskState::kUpstreamCancelled : TaskState::kUpstreamFailed);
    EXPECT_EQ(world.state_of(run, "handler"), TaskState::kLeased);
    EXPECT_EQ(world.state_of(run, "after_next"), TaskState::kLeased)
        << "a task that could not run counts as failed";
  }
}

TEST(RunIf, FailuresCancelsAndExclusionsCascade) {
  for (const TaskState end : {TaskState::kFailed, TaskState::kCancelled}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const RunId run = world.submit(world.deploy(a_job("j")
                                                    .task(a_task("a"))
                                                    .task(a_task("b").after("a"))
                                                    .task(a_task("c").after("b"))
                                                    .task(a_task("d").after("c"))));
    world.end_as(run, "a", end);
    for (const char* task : {"b", "c", "d"}) {
      EXPECT_EQ(letter_of(world.state_of(run, task)), end == TaskState::kFailed ? 'U' : 'C');
    }
  }
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("a"))
                       .task(a_task("handler").after("a").run_if(RunIf::kAtLeastOneFailed))
                       .task(a_task("report").after("handler").run_if(RunIf::kAllDone))));
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "report"), TaskState::kExcluded);
}

TEST(RunIf, AJoinBehindBothBranchesRunsWithTheChosenOne) {
  for (const RunIf run_if : {RunIf::kAllSuccess, RunIf::kAtLeastOneSuccess, RunIf::kNoneFailed}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const RunId run = world.submit(
        world.deploy(a_job("j")
                         .task(a_task("c").condition("1", ConditionOperator::kEqualTo, "1"))
                         .task(a_task("yes").after("c", true))
                         .task(a_task("no").after("c", false))
                         .task(a_task("join").after("yes").after("no").run_if(run_if))));
    world.finish(run, "yes");
    EXPECT_EQ(world.state_of(run, "no"), TaskState::kExcluded);
    EXPECT_EQ(world.state_of(run, "join"), TaskState::kLeased);
  }
}

TEST(RunIf, AFailedConditionIsAFailureOnEitherEdge) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(
      world.deploy(a_job("j")
                       .task(a_task("c").condition("x", ConditionOperator::kLessThan, "1"))
                       .task(a_task("yes").after("c", true))
                       .task(a_task("no").after("c", false).run_if(RunIf::kAtLeastOneFailed))));
  EXPECT_EQ(world.state_of(run, "yes"), TaskState::kUpstreamFailed);
  EXPECT_EQ(world.state_of(run, "no"), TaskState::kLeased);
}

TEST(Disabled, ATaskIsDisabledWhateverItsDependenciesCameTo) {
  for (const RunIf run_if : kEveryRunIf) {
    for (const int exit_code : {0, 1}) {
      CoreWorld world;
      world.register_worker("w", 8);
      const RunId run = world.submit(world.deploy(
          a_job("j").task(a_task("a")).task(a_task("off").after("a").disabled().run_if(run_if))));
      world.finish(run, "a", exit_code);
      EXPECT_EQ(world.state_of(run, "off"), TaskState::kDisabled);
      EXPECT_EQ(world.run(run).state, exit_code == 0 ? RunState::kSucceeded : RunState::kFailed)
          << "a disabled task hides no failure";
    }
  }
}

TEST(Disabled, CountsAsExcludedForWhatDependsOnIt) {
  CoreWorld world;
  world.register_worker("w", 8);
  const RunId run = world.submit(world.deploy(
      a_job("j")
          .task(a_task("off").disabled())
          .task(a_task("a"))
          .task(a_task("alone").after("off").run_if(RunIf::kAllDone))
          .task(a_task("beside").after("off").after("a"))
          .task(a_task("handler").after("off").after("a").run_if(RunIf::kAtLeastOneFailed))));
  world.finish(run, "a");
  EXPECT_EQ(world.state_of(run, "alone"), TaskState::kExcluded);
  EXPECT_EQ(world.state_of(run, "beside"), TaskState::kLeased);
  EXPECT_EQ(world.state_of(run, "handler"), TaskState::kExcluded);
}

TEST(Only, WhatWasLeftOutCountsAsSuccessfulWithEveryOutcome) {
  struct Row {
    const char* selected;
    TaskState expected;
  };
  for (const Row& row : {Row{"yes", TaskState::kLeased},
                         Row{"no", TaskState::kLeased},
                         Row{"handler", TaskState::kExcluded},
                         Row{"off", TaskState::kDisabled}}) {
    CoreWorld world;
    world.register_worker("w", 8);
    const JobId job =
        world.deploy(a_job("j")
                         .task(a_task("c").condition("1", ConditionOperator::kEqualTo, "1"))
                         .task(a_task("yes").after("c", true))
                         .task(a_task("no").after("c", false))
                         .task(a_task("handler").after("c").run_if(RunIf::kAtLeastOneFailed))
                         .task(a_task("off").after("c").disabled()));
    const auto reply = world.turn(SubmitRun{.job = job, .only = {row.selected}});
    const RunId run = std::get<SubmitReply>(reply.value()).run;
    EXPECT_EQ(world.state_of(run, "c"), TaskState::kDisabled);
    EXPECT_EQ(world.state_of(run, row.selected), row.expected) << row.selected;
  }
}

}  // namespace
}  // namespace sheaf::core
