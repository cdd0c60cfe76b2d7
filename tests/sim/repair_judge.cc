#include "tests/sim/repair_judge.h"

#include <algorithm>

#include "tests/sim/delegation_rules.h"
#include "tests/sim/deployed_files.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

using model::TaskState;

const model::TaskSettings* find_task(const model::JobSettings& settings, const std::string& key) {
  const auto found = std::ranges::find(settings.tasks, key, &model::TaskSettings::task_key);
  return found == settings.tasks.end() ? nullptr : &*found;
}

bool did_not_succeed(TaskState state) {
  return state != TaskState::kSucceeded && state != TaskState::kExcluded &&
         state != TaskState::kDisabled;
}

/// Below one of `keys` and above another.
TaskKeys between(const model::JobSettings& settings, const TaskKeys& keys) {
  TaskKeys below;
  TaskKeys above;
  for (const model::TaskSettings& task : settings.tasks) {
    TaskKeys up = with_upstream(settings, {task.task_key});
    TaskKeys down = with_downstream(settings, {task.task_key});
    up.erase(task.task_key);
    down.erase(task.task_key);
    const auto is_chosen = [&keys](const std::string& key) { return keys.contains(key); };
    if (std::ranges::any_of(up, is_chosen)) {
      below.insert(task.task_key);
    }
    if (std::ranges::any_of(down, is_chosen)) {
      above.insert(task.task_key);
    }
  }
  TaskKeys both;
  std::ranges::set_intersection(below, above, std::inserter(both, both.end()));
  return both;
}

/// One repair as it happened, beside what was asked for.
class Check {
 public:
  Check(const core::RunRepaired& event, const RunFact& before, const core::RepairRun& asked)
      : event_(event),
        before_(before),
        asked_(asked),
        now_(*event.settings),
        again_(tasks_to_rerun(before, asked, now_)) {}

  void run() {
    if (event_.run->parameters != wanted_parameters()) {
      object("it has other parameters");
    }
    for (core::TaskIndex task = 0; task < now_.tasks.size(); ++task) {
      check_task(task);
    }
    std::size_t blocks = 0;
    for (core::TaskIndex task = 0; task < now_.tasks.size(); ++task) {
      blocks += check_block(task) ? 1 : 0;
    }
    if (blocks != event_.run->blocks.size()) {
      object("it has iterations of nobody");
    }
  }

 private:
  [[noreturn]] void object(const std::string& what) const {
    violate("repair", "run " + to_string(event_.run->id) + ": " + what);
  }

  [[nodiscard]] model::NamedStrings wanted_parameters() const {
    model::NamedStrings wanted;
    for (const model::ParameterSettings& declared : now_.parameters) {
      auto value = find_parameter(asked_.overrides, declared.name);
      value = value ? value : find_parameter(before_.record.overrides, declared.name);
      wanted.emplace_back(declared.name, value.value_or(declared.default_value));
    }
    // A run-job task may have given some that the job does not declare.
    for (const auto& [name, value] : before_.record.overrides) {
      if (!find_parameter(wanted, name)) {
        wanted.emplace_back(name, value);
      }
    }
    return wanted;
  }

  void check_kept(core::TaskIndex row, core::TaskIndex old, const std::string& name) const {
    const core::StoredRun& run = *before_.finished;
    const auto details = event_.details.find(row);
    const auto known = run.details.find(old);
    const bool is_same = (details == event_.details.end()) == (known == run.details.end()) &&
                         (known == run.details.end() || details->second == known->second);
    if (event_.rows[row] != run.rows[old] || !is_same) {
      object(name + " must keep what it has");
    }
  }

  void check_fresh(core::TaskIndex row, const std::string& name) const {
    const core::TaskRow& now = event_.rows[row];
    if (now != core::TaskRow{.attempt = now.attempt}) {
      object(name + " must run again");
    }
    for (const core::TaskRow& other : before_.finished->rows) {
      if (other.attempt == now.attempt) {
        object(name + " has the id of an earlier attempt");
      }
    }
  }

  void check_task(core::TaskIndex task) const {
    const std::string& key = now_.tasks[task].task_key;
    if (again_.contains(key)) {
      check_fresh(task, "task " + key);
    } else {
      check_kept(task, before_.index_of(key), "task " + key);
    }
  }

  /// Iterations go on where their inputs cannot have changed. True: the task has some.
  bool check_block(core::TaskIndex task) const {
    const std::string& key = now_.tasks[task].task_key;
    const auto& blocks = event_.run->blocks;
    const auto block = std::ranges::find(blocks, task, &core::IterationBlock::parent);
    if ((block != blocks.end()) != keeps_iterations(key)) {
      object("task " + key + (block == blocks.end() ? " must" : " must not") +
             " keep its iterations");
    }
    if (block == blocks.end()) {
      return false;
    }
    const auto& old = before_.blocks[*before_.find_block(before_.index_of(key))];
    if (block->count != old.count) {
      object("task " + key + " has another count of iterations");
    }
    for (std::uint32_t i = 0; i < old.count; ++i) {
      const std::string name = "iteration " + std::to_string(i) + " of " + key;
      const bool stays = before_.finished->rows[old.first + i].state == TaskState::kSucceeded ||
                         !again_.contains(key);
      if (stays) {
        check_kept(block->first + i, old.first + i, name);
      } else {
        check_fresh(block->first + i, name);
      }
    }
    return true;
  }

  [[nodiscard]] bool keeps_iterations(const std::string& key) const {
    const model::TaskSettings* then = find_task(*before_.settings, key);
    const model::TaskSettings* now = find_task(now_, key);
    const auto* then_loop = then ? std::get_if<model::ForEachTask>(&then->action) : nullptr;
    const auto* now_loop = std::get_if<model::ForEachTask>(&now->action);
    if (then_loop == nullptr || now_loop == nullptr || !before_.find_block(before_.index_of(key))) {
      return false;
    }
    if (!again_.contains(key)) {
      return true;
    }
    const core::TaskIndex old = before_.index_of(key);
    if (before_.finished->rows[old].state == TaskState::kSucceeded) {
      return false;
    }
    TaskKeys up = with_upstream(now_, {key});
    up.erase(key);
    const bool has_news = event_.run->parameters != before_.record.parameters ||
                          event_.run->name != before_.record.name ||
                          std::ranges::any_of(up, [this](const std::string& above) {
                            return again_.contains(above);
                          });
    // What references read, and files held, is known of the last pass only.
    const bool refers = now_loop->inputs.find("{{") != std::string::npos;
    const bool is_old = before_.kept.contains(old);
    return deployed_files::source_of(*now_loop, event_.run->manifest_digest) ==
               before_.inputs[*before_.find_block(old)] &&
           !(refers && (has_news || is_old)) && !(is_old && !now_loop->inputs_file.empty());
  }

  const core::RunRepaired& event_;
  const RunFact& before_;
  const core::RepairRun& asked_;
  const model::JobSettings& now_;
  TaskKeys again_;
};

}  // namespace

TaskKeys tasks_to_rerun(const RunFact& before,
                        const core::RepairRun& asked,
                        const model::JobSettings& now) {
  const auto state_of = [&before](const std::string& key) {
    return find_task(*before.settings, key) == nullptr
               ? TaskState::kBlocked
               : before.finished->rows[before.index_of(key)].state;
  };
  TaskKeys again(asked.tasks.begin(), asked.tasks.end());
  for (const model::TaskSettings& task : now.tasks) {
    const model::TaskSettings* then = find_task(*before.settings, task.task_key);
    const TaskState state = state_of(task.task_key);
    const bool has_no_end =
        then == nullptr || !is_terminal(state) || then->action.index() != task.action.index();
    if (has_no_end || (asked.all_failed && did_not_succeed(state))) {
      again.insert(task.task_key);
    }
  }
  const bool spares_successes = asked.dependents == core::RepairRun::Dependents::kOnlyUnsuccessful;
  std::size_t size = 0;
  while (size != again.size()) {
    size = again.size();
    for (const model::TaskSettings& task : now.tasks) {
      const bool stays = spares_successes && state_of(task.task_key) == TaskState::kSucceeded;
      for (const model::Dependency& dependency : task.depends_on) {
        if (again.contains(dependency.task_key) && !stays) {
          again.insert(task.task_key);
        }
      }
    }
    again.merge(between(now, again));
  }
  return again;
}

void RepairJudge::check(const core::RunRepaired& event, const RunFact& before) const {
  const auto& repairs = before.record.repairs;
  const auto asked = asked_.find({event.run->id, repairs.empty() ? 0 : repairs.back().id});
  if (asked == asked_.end() || !before.is_over || before.is_deleted) {
    violate("repair", "nobody asked to repair run " + to_string(event.run->id));
  }
  const auto job = digests_.find(event.run->job);
  const bool is_gone = job == digests_.end() || job->second.empty();
  if (event.run->settings_digest != (is_gone ? before.record.settings_digest : job->second)) {
    violate("repair", "run " + to_string(event.run->id) + " does not take the settings of now");
  }
  Check(event, before, asked->second).run();
}

std::map<core::TaskIndex, core::TaskIndex> moved_rows(const core::RunRepaired& event,
                                                      const RunFact& before) {
  std::map<core::TaskIndex, core::TaskIndex> moved;
  const auto& tasks = event.settings->tasks;
  for (core::TaskIndex old = 0; old < before.settings->tasks.size(); ++old) {
    const auto found = std::ranges::find(
        tasks, before.settings->tasks[old].task_key, &model::TaskSettings::task_key);
    if (found == tasks.end()) {
      continue;
    }
    const auto now = static_cast<core::TaskIndex>(found - tasks.begin());
    moved[old] = now;
    const auto before_block = before.find_block(old);
    const auto block = std::ranges::find(event.run->blocks, now, &core::IterationBlock::parent);
    for (std::uint32_t i = 0; before_block && block != event.run->blocks.end() && i < block->count;
         ++i) {
      moved[before.blocks[*before_block].first + i] = block->first + i;
    }
  }
  return moved;
}

}  // namespace sheaf::sim
