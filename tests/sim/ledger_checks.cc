// The promises that are asked of the ledger from outside.
#include <algorithm>

#include "tests/sim/ledger.h"
#include "tests/sim/oracle.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {
namespace {

template <typename Key, typename Value>
void check_equal(const Value& expected, const Value& actual, const Key& what) {
  if (!(expected == actual)) {
    violate("memory", std::string(what) + " is not what the events and rows say");
  }
}

void check_same_run(const core::LiveRun& run, const core::LiveRun& other) {
  const core::StoredRun a = core::to_stored(run);
  const core::StoredRun b = core::to_stored(other);
  check_equal(a.record, b.record, "a run's record");
  check_equal(a.rows, b.rows, "a run's rows");
  check_equal(a.details, b.details, "a run's details");
  check_equal(run.unfinished_tasks, other.unfinished_tasks, "the count of unfinished tasks");
  check_equal(run.value_count, other.value_count, "the count of values");
}

}  // namespace

void Ledger::check_start(const Process& process, const model::AttemptSpec& spec) const {
  const auto found = runs_.find(process.run);
  if (found == runs_.end() || !leases_.contains({process.attempt, process.fence})) {
    violate("P5", "attempt " + to_string(process.attempt) + " starts without a durable lease");
  }
  check_upstream(found->second, found->second.index_of(process.task_key));
  check_arguments(found->second, spec);
  check_overlap(process);
}

void Ledger::check_upstream(const RunFact& run, core::TaskIndex task) const {
  const model::TaskSettings& settings = run.settings->tasks[task];
  std::map<std::string, EndedTask> upstream;
  for (const auto& dependency : settings.depends_on) {
    const TaskFact& fact = run.tasks[run.index_of(dependency.task_key)];
    if (!is_terminal(fact.state)) {
      violate("P5",
              "task " + settings.task_key + " of run " + to_string(run.record.id) +
                  " starts before " + dependency.task_key + " is durably over");
    }
    EndedTask ended{.state = fact.state};
    if (fact.outcome != 0) {
      ended.outcome = fact.outcome == 1;
    }
    upstream[dependency.task_key] = ended;
  }
  if (settings.disabled || judge(settings, upstream) != Verdict::kRun) {
    violate("P5",
            "task " + settings.task_key + " of run " + to_string(run.record.id) +
                " starts although its conditions are not met");
  }
}

void Ledger::check_arguments(const RunFact& run, const model::AttemptSpec& spec) const {
  const auto& settings = run.settings->tasks[run.index_of(spec.task_key)];
  const auto* command = std::get_if<model::CommandTask>(&settings.action);
  if (command == nullptr) {
    return;
  }
  const std::string prefix = "{{tasks.";
  for (std::size_t index = 0; index < command->command.size(); ++index) {
    const std::string& text = command->command[index];
    if (!text.starts_with(prefix)) {
      continue;
    }
    const std::string key = text.substr(prefix.size(), text.find(".values.") - prefix.size());
    const auto known = values_.find({run.record.id, key});
    if (known == values_.end() || known->second.empty() ||
        known->second.front().json != "\"" + spec.arguments[index] + "\"") {
      violate("values",
              "task " + spec.task_key + " got \"" + spec.arguments[index] +
                  "\", which no recorded success of " + key + " published");
    }
  }
}

void Ledger::check_overlap(const Process& process) const {
  for (const Process& other : truth_.processes()) {
    if (!other.is_alive || other.run != process.run || other.task_key != process.task_key) {
      continue;
    }
    if (other.attempt == process.attempt || !overlaps_.contains(other.attempt)) {
      violate("P3",
              "attempts " + to_string(other.attempt) + " and " + to_string(process.attempt) +
                  " of task " + process.task_key + " live at once, and no record says so");
    }
  }
}

void Ledger::check_acknowledged(AttemptId attempt, std::uint64_t fence) const {
  for (const auto& [id, run] : runs_) {
    if (run.is_over) {
      continue;
    }
    for (const TaskFact& task : run.tasks) {
      if (task.attempt == attempt && task.fence == fence && !task.is_loss_expected) {
        violate(
            "P1",
            "the result of attempt " + to_string(attempt) + " is acknowledged and not recorded");
      }
    }
  }
}

void Ledger::check_acknowledged(RunId run) const {
  if (run.is_valid() && !runs_.contains(run)) {
    violate("P1", "run " + to_string(run) + " was answered and is not recorded");
  }
}

void check_same_memory(const core::State& expected, const core::State& actual) {
  check_equal(expected.next_id, actual.next_id, "the next id");
  check_equal(expected.epoch, actual.epoch, "the epoch");
  check_equal(expected.schedules, actual.schedules, "a schedule");
  check_equal(expected.deadlines, actual.deadlines, "a deadline");
  check_equal(expected.attempts, actual.attempts, "the index of attempts");
  check_equal(expected.workers_by_name, actual.workers_by_name, "the index of workers");
  check_equal(expected.runs.size(), actual.runs.size(), "the count of live runs");
  for (const auto& [id, run] : expected.runs) {
    const core::LiveRun* other = actual.find_run(id);
    if (other == nullptr) {
      violate("memory", "live run " + to_string(id) + " is missing");
    }
    check_same_run(*run, *other);
  }
  check_equal(expected.workers.size(), actual.workers.size(), "the count of workers");
  for (const auto& [id, worker] : expected.workers) {
    check_equal(worker.record, actual.workers.at(id).record, "a worker");
    check_equal(worker.attempts, actual.workers.at(id).attempts, "a worker's attempts");
  }
  check_equal(expected.jobs.size(), actual.jobs.size(), "the count of active jobs");
  for (const auto& [id, job] : expected.jobs) {
    const core::JobActivity& other = actual.jobs.at(id);
    check_equal(job.running, other.running, "a job's running runs");
    check_equal(job.queued, other.queued, "a job's queue");
    check_equal(job.max_concurrent_runs, other.max_concurrent_runs, "a job's limit");
  }
}

}  // namespace sheaf::sim
