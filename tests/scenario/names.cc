#include "tests/scenario/names.h"

#include "common/base/check.h"

namespace sheaf::scenario {

void Names::learn(const core::Event& event) {
  if (const auto* job = std::get_if<core::JobRecorded>(&event)) {
    jobs_[job->job->id.value] = job->job->name;
  } else if (const auto* schedule = std::get_if<core::ScheduleRecorded>(&event)) {
    triggers_[schedule->schedule.id] = schedule->schedule.job;
  } else if (const auto* run = std::get_if<core::RunSubmitted>(&event)) {
    runs_[run->run->id.value] = "r" + std::to_string(runs_.size() + 1);
    settings_[run->run->id] = run->settings;
  } else if (const auto* planned = std::get_if<core::IterationsPlanned>(&event)) {
    blocks_[planned->run].push_back(planned->block);
  } else if (const auto* repaired = std::get_if<core::RunRepaired>(&event)) {
    settings_[repaired->run->id] = repaired->settings;
    blocks_[repaired->run->id] = repaired->run->blocks;
  } else if (const auto* worker = std::get_if<core::WorkerRecorded>(&event)) {
    workers_[worker->worker.id.value] = worker->worker.name;
  } else if (const auto* alert = std::get_if<core::AlertRecorded>(&event)) {
    alerts_.emplace(alert->alert.id.value, "a" + std::to_string(alerts_.size() + 1));
  }
}

std::string Names::of(RunId run, core::TaskIndex task) const {
  const auto& tasks = settings_.at(run)->tasks;
  if (task < tasks.size()) {
    return of(run) + "/" + tasks.at(task).task_key;
  }
  const auto& blocks = blocks_.at(run);
  auto block = blocks.rbegin();
  while (block->first > task) {
    ++block;
  }
  return of(run, block->parent) + "[" + std::to_string(task - block->first) + "]";
}

JobId Names::job(const std::string& name) const {
  return JobId{find_id(jobs_, name)};
}

RunId Names::run(const std::string& name) const {
  return RunId{find_id(runs_, name)};
}

WorkerId Names::worker(const std::string& name) const {
  return WorkerId{find_id(workers_, name)};
}

std::string Names::of(TriggerId trigger) const {
  return of(triggers_.at(trigger)) + ".schedule";
}

TriggerId Names::trigger_of(const std::string& name) const {
  for (auto entry = triggers_.rbegin(); entry != triggers_.rend(); ++entry) {
    if (entry->second == job(name)) {
      return entry->first;
    }
  }
  check_failed(__FILE__, __LINE__, "name", "the scenario's job has no schedule: " + name);
}

AlertId Names::alert(const std::string& name) const {
  return AlertId{find_id(alerts_, name)};
}

std::string Names::find(const Table& table, std::int64_t id, const std::string& kind) {
  const auto found = table.find(id);
  return found == table.end() ? kind + " " + std::to_string(id) : found->second;
}

std::int64_t Names::find_id(const Table& table, const std::string& name) {
  // The newest of a name: a job that was removed and declared again has a new id.
  for (auto entry = table.rbegin(); entry != table.rend(); ++entry) {
    if (entry->second == name) {
      return entry->first;
    }
  }
  check_failed(__FILE__, __LINE__, "name", "the scenario names what is not there: " + name);
}

}  // namespace sheaf::scenario
