#include "tests/property/random_job.h"

#include <cstdlib>
#include <vector>

namespace sheaf::property {
namespace {

using model::ConditionOperator;
using model::RunIf;
using tests::a_job;
using tests::a_task;
using tests::TaskBuilder;

std::string key_of(std::size_t task) {
  return "t" + std::to_string(task);
}

RunIf random_run_if(Dice& dice) {
  static const std::vector<RunIf> kAll = {RunIf::kAllSuccess,
                                          RunIf::kAtLeastOneSuccess,
                                          RunIf::kNoneFailed,
                                          RunIf::kAllDone,
                                          RunIf::kAtLeastOneFailed,
                                          RunIf::kAllFailed};
  return dice.chance(50) ? RunIf::kAllSuccess : dice.pick(kAll);
}

/// A condition that is true, false, or fails since it compares what are no numbers.
void make_condition(Dice& dice, TaskBuilder& task) {
  if (dice.chance(10)) {
    task.condition("not a number", ConditionOperator::kGreaterThan, "1");
  } else {
    task.condition("1", ConditionOperator::kEqualTo, dice.chance(50) ? "1" : "2");
  }
}

TaskBuilder random_task(Dice& dice, std::size_t index, std::vector<bool>& is_condition) {
  TaskBuilder task = a_task(key_of(index));
  for (std::size_t upstream = 0; upstream < index; ++upstream) {
    if (!dice.chance(35)) {
      continue;
    }
    if (is_condition[upstream] && dice.chance(80)) {
      task.after(key_of(upstream), dice.chance(50));
    } else {
      task.after(key_of(upstream));
    }
  }
  task.run_if(random_run_if(dice));
  is_condition.push_back(dice.chance(25));
  if (is_condition.back()) {
    make_condition(dice, task);
  } else if (dice.chance(5)) {
    task.disabled();
  }
  return task;
}

/// Never more than every machine has; see kMachineResources.
void add_needs(Dice& dice, TaskBuilder& task) {
  if (dice.chance(30)) {
    task.resources({.cpu_millis = static_cast<std::int64_t>(dice.below(5)) * 500,
                    .memory_bytes = static_cast<std::int64_t>(dice.below(9)),
                    .gpus = static_cast<int>(dice.below(3)),
                    .labels = {"disk"}});
  }
  if (dice.chance(30)) {
    task.pool(dice.chance(50) ? "licences" : "database");
  }
}

void add_troubles(Dice& dice, TaskBuilder& task) {
  if (dice.chance(40)) {
    task.retries(static_cast<int>(dice.below(3)));
    task.retry_interval(std::chrono::seconds(dice.below(3) * 30));
  }
  if (dice.chance(30)) {
    task.timeout(std::chrono::seconds(30 + dice.below(300)));
  }
  if (dice.chance(30)) {
    task.retry_on_timeout();
  }
}

}  // namespace

std::vector<std::uint64_t> seeds(std::uint64_t count) {
  if (const char* chosen = std::getenv("SHEAF_SEED")) {
    return {std::strtoull(chosen, nullptr, 10)};
  }
  if (const char* wanted = std::getenv("SHEAF_SEEDS")) {
    count = std::strtoull(wanted, nullptr, 10);
  }
  std::vector<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    all.push_back(seed);
  }
  return all;
}

tests::JobBuilder random_graph(Dice& dice, const std::string& name, std::size_t max_tasks) {
  tests::JobBuilder job = a_job(name);
  std::vector<bool> is_condition;
  const std::size_t count = 1 + dice.below(max_tasks);
  for (std::size_t index = 0; index < count; ++index) {
    job.task(random_task(dice, index, is_condition));
  }
  return job;
}

tests::JobBuilder random_job(Dice& dice, const std::string& name, std::size_t max_tasks) {
  tests::JobBuilder job = a_job(name).alert_on_failure("ops");
  std::vector<bool> is_condition;
  const std::size_t count = 1 + dice.below(max_tasks);
  for (std::size_t index = 0; index < count; ++index) {
    TaskBuilder task = random_task(dice, index, is_condition);
    if (!is_condition.back()) {
      add_troubles(dice, task);
      add_needs(dice, task);
    }
    job.task(task);
  }
  job.priority(static_cast<int>(dice.below(3)) - 1);
  job.concurrent(static_cast<std::int64_t>(dice.below(10) == 0 ? 0 : 1 + dice.below(3)));
  if (dice.chance(25)) {
    job.without_queue();
  }
  if (dice.chance(30)) {
    job.timeout(std::chrono::seconds(60 + dice.below(5'000)));
  }
  return job;
}

}  // namespace sheaf::property
