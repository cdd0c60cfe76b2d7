// Random jobs under random commands and faults: the promises P2–P5 hold after every step, memory is
// what the events and the rows say, and once faults stop every run ends.
#include <algorithm>

#include <gtest/gtest.h>

#include "scheduler/core/explain.h"
#include "tests/property/fleet.h"
#include "tests/property/history.h"
#include "tests/property/random_job.h"

namespace sheaf::property {
namespace {

/// One story: a world, its machines, and what is thrown at them.
class Story {
 public:
  explicit Story(std::uint64_t seed) : dice_(seed), fleet_(dice_, world_, 1 + dice_.below(3)) {
    deploy();
  }

  void step() {
    const std::size_t thrown = dice_.below(100);
    if (thrown < 10) {
      submit();
    } else if (thrown < 13) {
      cancel();
    } else if (thrown < 15) {
      deploy();
    } else if (thrown < 17) {
      restart();
    } else if (thrown < 19) {
      change_pool();
    } else if (thrown < 25) {
      fleet_.fail();
    } else if (thrown < 33) {
      world_.pass(random_time());
    } else {
      fleet_.work();
    }
    fleet_.deliver();
    fleet_.check_truth();
    history_.follow(world_);
  }

  void check_memory() {
    expect_same_memory(world_.state, fold(world_.events));
    expect_same_memory(world_.state, core::restore(world_.stored_state()));
  }

  /// Faults are over: lets everything come to its end.
  void finish() {
    for (const auto& [name, pool] : std::map(world_.state.pools)) {
      ASSERT_TRUE(world_.turn(core::SetPool{.name = name, .limit = 1}).has_value());
    }
    for (int round = 0; round < 400 && !world_.state.runs.empty(); ++round) {
      fleet_.heal();
      // Late rounds are longer: a job without places keeps its queue for 48 hours.
      world_.pass(round < 200 ? std::chrono::minutes(1) : std::chrono::hours(1));
      history_.follow(world_);
    }
    for (const auto& [id, run] : world_.state.runs) {
      ADD_FAILURE() << "run " << id.value << " never ends";
    }
  }

  /// Between turns everything that waits has a reason, and none is that it could go on.
  void check_explanations() {
    for (const auto& [id, run] : world_.stored_runs()) {
      for (core::TaskIndex task = 0; task <= run.record.graph_size; ++task) {
        const core::Explain what{
            .run = id, .task_key = task == 0 ? "" : run.settings->tasks[task - 1].task_key};
        const core::LiveRun* live = world_.state.find_run(id);
        const auto answer = live != nullptr ? core::explain(world_.state, *live, what)
                                            : core::explain_finished(run, what);
        ASSERT_TRUE(answer.has_value());
        EXPECT_FALSE(answer->reasons.empty()) << "run " << id.value << " " << what.task_key;
        EXPECT_FALSE(has_due(answer->reasons)) << "run " << id.value << " " << what.task_key;
      }
    }
  }

 private:
  static bool has_due(const std::vector<core::Reason>& reasons) {
    return std::ranges::any_of(reasons, [](const core::Reason& reason) {
      return reason.code == core::ReasonCode::kDue || has_due(reason.because);
    });
  }

  void deploy() {
    std::vector<tests::JobBuilder> jobs;
    for (const char* name : {"a", "b", "c"}) {
      if (dice_.chance(70)) {
        jobs.push_back(random_job(dice_, name, 6));
      }
    }
    jobs_ = world_.deploy_all(jobs);
  }

  void submit() {
    if (jobs_.empty()) {
      return;
    }
    std::vector<core::Command> commands;
    for (std::size_t i = 0; i <= dice_.below(3); ++i) {
      commands.emplace_back(core::SubmitRun{.job = dice_.pick(jobs_)});
    }
    for (const auto& judgement : world_.turn_all(commands)) {
      ASSERT_TRUE(judgement.has_value());
    }
  }

  void cancel() {
    const auto& runs = world_.stored_runs();
    if (!runs.empty()) {
      const auto chosen =
          std::next(runs.begin(), static_cast<std::ptrdiff_t>(dice_.below(runs.size())));
      ASSERT_TRUE(world_.turn(core::CancelRun{.run = chosen->first}).has_value());
    }
  }

  void change_pool() {
    const std::string name = dice_.chance(50) ? "licences" : "database";
    if (dice_.chance(30) && world_.state.pools.contains(name)) {
      ASSERT_TRUE(world_.turn(core::RemovePool{.name = name}).has_value());
    } else {
      const auto limit = static_cast<std::uint32_t>(dice_.below(4));
      ASSERT_TRUE(world_.turn(core::SetPool{.name = name, .limit = limit}).has_value());
    }
  }

  void restart() {
    world_.restart();
    fleet_.lose_sessions();
  }

  Milliseconds random_time() {
    return dice_.chance(80) ? Milliseconds(std::chrono::seconds(dice_.below(120)))
                            : Milliseconds(std::chrono::minutes(dice_.below(90)));
  }

  Dice dice_;
  tests::CoreWorld world_;
  Fleet fleet_;
  History history_;
  std::vector<JobId> jobs_;
};

TEST(CoreProperties, PromisesHoldUnderRandomCommandsAndFaults) {
  constexpr int kSteps = 120;
  for (const std::uint64_t seed : seeds(150)) {
    SCOPED_TRACE("SHEAF_SEED=" + std::to_string(seed));
    Story story(seed);
    for (int step = 0; step < kSteps; ++step) {
      story.step();
      if (step % 30 == 0) {
        story.check_memory();
      }
      if (step % 10 == 0) {
        story.check_explanations();
      }
      ASSERT_FALSE(testing::Test::HasFailure()) << "at step " << step;
    }
    story.check_memory();
    story.finish();
    ASSERT_FALSE(testing::Test::HasFailure());
  }
}

}  // namespace
}  // namespace sheaf::property
