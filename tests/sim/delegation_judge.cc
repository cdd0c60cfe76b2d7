#include "tests/sim/delegation_judge.h"

#include <algorithm>
#include <variant>

#include "tests/sim/delegation_rules.h"
#include "tests/sim/texts.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

/// Levels of runs below one that somebody asked for.
constexpr std::uint32_t kMostDepth = 3;

std::string name_of(const RunFact& run, core::TaskIndex task) {
  return "task " + std::to_string(task) + " of run " + to_string(run.record.id);
}

/// What the documentation of run-job tasks hands down.
model::NamedStrings wanted_parameters(const RunFact& parent,
                                      core::TaskIndex task,
                                      const model::JobSettings& child) {
  const auto& action = std::get<model::RunJobTask>(parent.settings_of(task).action);
  model::NamedStrings wanted;
  for (const model::ParameterSettings& declared : child.parameters) {
    auto value = find_parameter(action.job_parameters, declared.name);
    if (!value) {
      value = find_parameter(parent.record.parameters, declared.name);
    }
    wanted.emplace_back(declared.name, value.value_or(declared.default_value));
  }
  for (const auto& [name, text] : action.job_parameters) {
    if (!find_parameter(wanted, name)) {
      wanted.emplace_back(name, text);
    }
  }
  return wanted;
}

}  // namespace

/// Events without an overload mean nothing to delegated tasks.
class DelegationJudge::Reader {
 public:
  explicit Reader(DelegationJudge& judge) : judge_(judge) {}

  void operator()(const core::JobRecorded& event) {
    judge_.job_keys_[event.job->id] = event.job->resource_key;
    judge_.most_runs_[event.job->id] = event.max_concurrent_runs;
  }
  void operator()(const core::RunStarted& event) {
    judge_.running_[judge_.runs_.at(event.run).record.job].insert(event.run);
  }
  void operator()(const core::RunFinished& event) {
    judge_.running_[judge_.runs_.at(event.run).record.job].erase(event.run);
  }
  void operator()(const core::JobRemoved& event) { judge_.job_keys_.erase(event.job); }
  void operator()(const core::TasksReady& event) {
    for (const core::TaskIndex task : event.tasks) {
      judge_.check_begin(event.run, task);
    }
  }
  void operator()(const core::TaskDelegated& event) { judge_.check_begin(event.run, event.task); }
  void operator()(const core::ChildRunStarted& event) {
    const RunFact& run = judge_.runs_.at(event.run);
    const TaskFact& task = run.tasks[event.task];
    if (task.children.size() > task.delegations || !task.is_delegated) {
      violate("P6", name_of(run, event.task) + " started two runs in one attempt");
    }
    if (run.is_stopped(event.task)) {
      violate("cancel", name_of(run, event.task) + " starts a run though it is stopped");
    }
  }
  void operator()(const core::RunSubmitted& event) {
    if (event.run->trigger.kind == model::TriggerKind::kRunJob) {
      judge_.check_child(*event.run, *event.settings);
    }
  }
  void operator()(const core::TaskFinished& event) { judge_.check_end(event.run, event.task); }
  void operator()(const core::RunStopRequested& event) { judge_.stopped_.insert(event.run); }
  void operator()(const core::DelegationStopRequested& event) { judge_.stopped_.insert(event.run); }
  template <typename Other>
  void operator()(const Other& /*event*/) {}

 private:
  DelegationJudge& judge_;
};

void DelegationJudge::take(const core::Event& event) {
  std::visit(Reader(*this), event);
}

void DelegationJudge::check_begin(RunId id, core::TaskIndex task) const {
  const RunFact& run = runs_.at(id);
  if (!run.is_iteration(task)) {
    return;
  }
  const core::IterationBlock& block = run.blocks[run.block_of(task)];
  if (run.is_stopped(block.parent)) {
    violate("cancel", "an iteration of run " + to_string(id) + " begins though it is stopped");
  }
  int active = 0;
  for (core::TaskIndex row = block.first; row < block.first + block.count; ++row) {
    const TaskFact& fact = run.tasks[row];
    // Of a stream its processes count, and those that wait for a place.
    const bool takes_place = run.is_stream(row) ? fact.is_ready || fact.attempt.is_valid()
                                                : fact.has_begun && !is_terminal(fact.state);
    active += takes_place ? 1 : 0;
  }
  const auto& loop = std::get<model::ForEachTask>(run.settings->tasks[block.parent].action);
  if (active > loop.concurrency) {
    violate("concurrency", name_of(run, block.parent) + " runs too many iterations at once");
  }
}

void DelegationJudge::check_child(const core::RunRecord& child,
                                  const model::JobSettings& settings) const {
  const auto [run, task] = child.trigger.parent;
  const RunFact& parent = runs_.at(run);
  const auto& children = parent.tasks[task].children;
  if (children.empty() || children.back().run != child.id) {
    violate("P6", "run " + to_string(child.id) + " was not started by its task");
  }
  if (child.depth != parent.record.depth + 1 || child.depth > kMostDepth) {
    violate("run-job", "run " + to_string(child.id) + " is too deep");
  }
  const auto& action = std::get<model::RunJobTask>(parent.settings_of(task).action);
  const auto key = job_keys_.find(child.job);
  if (key == job_keys_.end() || key->second != action.resource_key) {
    violate("run-job", "run " + to_string(child.id) + " is of another job");
  }
  if (waits_for_itself(parent, child.job)) {
    violate("run-job", "run " + to_string(child.id) + " waits for a run that waits for it");
  }
  if (child.parameters != wanted_parameters(parent, task, settings)) {
    violate("run-job", "run " + to_string(child.id) + " has other parameters");
  }
}

void DelegationJudge::check_end(RunId id, core::TaskIndex index) const {
  const RunFact& run = runs_.at(id);
  const TaskFact& task = run.tasks[index];
  if (const auto block = run.find_block(index)) {
    for (std::uint32_t i = 0; i < run.blocks[*block].count; ++i) {
      if (!is_terminal(run.tasks[run.blocks[*block].first + i].state)) {
        violate("P7", name_of(run, index) + " ended before its iterations");
      }
    }
    return;
  }
  if (!task.children.empty() && !task.children.back().end) {
    violate("P7", name_of(run, index) + " ended before its run");
  }
  if (task.delegations > task.children.size() && task.state == model::TaskState::kFailed) {
    check_refusal(run, index);
  }
}

bool DelegationJudge::waits_for_itself(const RunFact& run, JobId job) const {
  const auto running = running_.find(job);
  const auto most = most_runs_.find(job);
  if (running == running_.end() || most == most_runs_.end() ||
      static_cast<std::int64_t>(running->second.size()) < most->second) {
    return false;
  }
  for (const RunFact* above = &run; above != nullptr; above = find_waiting_parent(*above)) {
    if (above->record.job == job) {
      return true;
    }
  }
  return false;
}

const RunFact* DelegationJudge::find_waiting_parent(const RunFact& run) const {
  const auto parent = runs_.find(run.record.trigger.parent.run);
  if (parent == runs_.end()) {
    return nullptr;
  }
  // A repair of the parent moves its tasks, and it may not wait for this run any more.
  const bool waits = std::ranges::any_of(parent->second.tasks, [&run](const TaskFact& task) {
    return task.is_delegated && !task.children.empty() && task.children.back().run == run.record.id;
  });
  return waits ? &parent->second : nullptr;
}

void DelegationJudge::check_refusal(const RunFact& run, core::TaskIndex task) const {
  const auto* action = std::get_if<model::RunJobTask>(&run.settings_of(task).action);
  if (action == nullptr) {
    return;
  }
  const auto& links = run.record.links;
  const auto link = std::ranges::find(links, action->resource_key, &core::JobLink::resource_key);
  const bool is_gone = link == links.end() || !job_keys_.contains(link->job);
  if (!is_gone && run.record.depth < kMostDepth && !waits_for_itself(run, link->job)) {
    violate("run-job", name_of(run, task) + " started no run and could have");
  }
}

void DelegationJudge::end_batch() {
  for (const RunId id : stopped_) {
    const RunFact& run = runs_.at(id);
    for (core::TaskIndex index = 0; index < run.tasks.size(); ++index) {
      const TaskFact& task = run.tasks[index];
      if (!task.is_delegated || task.children.empty() || !run.is_stopped(index)) {
        continue;
      }
      const RunFact& child = runs_.at(task.children.back().run);
      if (!child.is_over && !child.is_stopping) {
        violate("cancel", "run " + to_string(child.record.id) + " goes on without its parent");
      }
    }
  }
  stopped_.clear();
}

}  // namespace sheaf::sim
