// The run_if table and the run's result, held against a model that is written as the documentation
// says it: recursive, on sets, without counters.
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "tests/property/random_job.h"
#include "tests/support/core_world.h"

namespace sheaf::property {
namespace {

using core::RunState;
using core::TaskState;
using model::RunIf;

/// S, X and F of the documentation.
enum class Class { kSuccess, kExcluded, kFailed };

struct Expected {
  TaskState state = TaskState::kBlocked;
  bool outcome = false;
};

/// How the world says that a task ends, if it runs at all.
using Script = std::map<std::string, bool>;

class Oracle {
 public:
  Oracle(const model::JobSettings& job, const Script& script) : job_(job), script_(script) {
    for (const model::TaskSettings& task : job_.tasks) {
      expected_[task.task_key] = judge(task);
    }
  }

  [[nodiscard]] const Expected& of(const std::string& key) const { return expected_.at(key); }

  [[nodiscard]] RunState result() const {
    std::set<std::string> leaves;
    for (const auto& task : job_.tasks) {
      leaves.insert(task.task_key);
    }
    for (const auto& task : job_.tasks) {
      if (task.disabled) {
        continue;  // It hides no failure.
      }
      for (const auto& dependency : task.depends_on) {
        leaves.erase(dependency.task_key);
      }
    }
    bool any_failed = false;
    for (const auto& [key, expected] : expected_) {
      const bool is_failed = class_of(expected, std::nullopt) == Class::kFailed;
      if (is_failed && leaves.contains(key)) {
        return RunState::kFailed;
      }
      any_failed = any_failed || is_failed;
    }
    return any_failed ? RunState::kSucceededWithFailures : RunState::kSucceeded;
  }

 private:
  static Class class_of(const Expected& expected, std::optional<bool> wanted) {
    if (expected.state == TaskState::kSucceeded) {
      return !wanted || *wanted == expected.outcome ? Class::kSuccess : Class::kExcluded;
    }
    const bool is_excluded =
        expected.state == TaskState::kExcluded || expected.state == TaskState::kDisabled;
    return is_excluded ? Class::kExcluded : Class::kFailed;
  }

  [[nodiscard]] Expected judge(const model::TaskSettings& task) const {
    if (task.disabled) {
      return {TaskState::kDisabled};
    }
    std::multiset<Class> upstream;
    for (const auto& dependency : task.depends_on) {
      upstream.insert(class_of(expected_.at(dependency.task_key), dependency.outcome));
    }
    if (!upstream.empty() && upstream.count(Class::kExcluded) == upstream.size()) {
      return {TaskState::kExcluded};
    }
    const bool has_failed = upstream.contains(Class::kFailed);
    switch (task.run_if) {
      case RunIf::kAllSuccess:
      case RunIf::kNoneFailed:
        return has_failed ? Expected{TaskState::kUpstreamFailed} : run(task);
      case RunIf::kAtLeastOneSuccess:
        return upstream.empty() || upstream.contains(Class::kSuccess)
                   ? run(task)
                   : Expected{TaskState::kUpstreamFailed};
      case RunIf::kAllDone:
        return run(task);
      case RunIf::kAtLeastOneFailed:
        return has_failed ? run(task) : Expected{TaskState::kExcluded};
      case RunIf::kAllFailed:
        return has_failed && upstream.count(Class::kFailed) == upstream.size()
                   ? run(task)
                   : Expected{TaskState::kExcluded};
    }
    return {};
  }

  [[nodiscard]] Expected run(const model::TaskSettings& task) const {
    if (const auto* condition = std::get_if<model::ConditionTask>(&task.action)) {
      const bool fails = condition->op != model::ConditionOperator::kEqualTo;
      return fails ? Expected{TaskState::kFailed}
                   : Expected{TaskState::kSucceeded, condition->left == condition->right};
    }
    return {script_.at(task.task_key) ? TaskState::kSucceeded : TaskState::kFailed};
  }

  const model::JobSettings& job_;
  const Script& script_;
  std::map<std::string, Expected> expected_;
};

/// Runs the job, tasks ending in random order, each as the script says.
RunId play(Dice& dice,
           tests::CoreWorld& world,
           const tests::JobBuilder& job,
           const Script& script) {
  world.register_worker("w", 3);
  const RunId run = world.submit(world.deploy(job));
  std::vector<core::StartAttempt> under_way;
  for (std::size_t step = 0; step <= script.size(); ++step) {
    for (core::StartAttempt& start : world.take_starts()) {
      under_way.push_back(std::move(start));
    }
    if (under_way.empty()) {
      break;
    }
    const std::size_t chosen = dice.below(under_way.size());
    const std::string key = under_way[chosen].spec.task_key;
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(chosen));
    world.finish(run, key, script.at(key) ? 0 : 1);
  }
  return run;
}

TEST(RunIfOracle, EveryTaskAndTheRunEndAsTheDocumentationSays) {
  for (const std::uint64_t seed : seeds(1'500)) {
    SCOPED_TRACE("SHEAF_SEED=" + std::to_string(seed));
    Dice dice(seed);
    const tests::JobBuilder job = random_graph(dice, "j", 6);
    Script script;
    for (const auto& task : job.build().tasks) {
      script[task.task_key] = dice.chance(65);
    }
    tests::CoreWorld world;
    const RunId run = play(dice, world, job, script);
    const Oracle oracle(job.build(), script);
    ASSERT_EQ(world.run(run).state, oracle.result());
    for (const auto& task : job.build().tasks) {
      ASSERT_EQ(world.state_of(run, task.task_key), oracle.of(task.task_key).state)
          << task.task_key;
    }
  }
}

}  // namespace
}  // namespace sheaf::property
