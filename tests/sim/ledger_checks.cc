// The promises that are asked of the ledger from outside.
#include <algorithm>

#include "tests/sim/delegation_rules.h"
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
  const auto task = tasks_of_attempts_.find(process.attempt);
  if (task == tasks_of_attempts_.end() || !leases_.contains({process.attempt, process.fence})) {
    violate("P5", "attempt " + to_string(process.attempt) + " starts without a durable lease");
  }
  const RunFact& run = runs_.at(task->second.run);
  check_upstream(run, task->second.task);
  check_arguments(run, task->second.task, spec);
  streams_.check_inputs(spec);
  check_overlap(process);
  check_devices(process);
}

void Ledger::check_upstream(const RunFact& run, core::TaskIndex task) const {
  const core::TaskIndex node =
      run.is_iteration(task) ? run.blocks[run.block_of(task)].parent : task;
  const model::TaskSettings& settings = run.settings->tasks[node];
  const std::string name = "task " + settings.task_key + " of run " + to_string(run.record.id);
  std::map<std::string, EndedTask> upstream;
  for (const auto& dependency : settings.depends_on) {
    const EndedTask ended = ended_task(run, dependency.task_key);
    if (!is_terminal(ended.state)) {
      violate("P5", name + " starts before " + dependency.task_key + " is durably over");
    }
    upstream[dependency.task_key] = ended;
  }
  const bool is_left_out = ended_task(run, settings.task_key).is_left_out;
  if (settings.disabled || is_left_out || judge(settings, upstream) != Verdict::kRun) {
    violate("P5", name + " starts although its conditions are not met");
  }
}

std::optional<std::string> Ledger::find_value(const RunFact& run,
                                              const Reference& reference) const {
  const auto known = values_.find({run.record.id, run.index_of(reference.task_key)});
  if (known == values_.end()) {
    return std::nullopt;
  }
  for (const model::TaskValue& value : known->second) {
    if (value.key == reference.name) {
      return plain(value.json);
    }
  }
  return std::nullopt;
}

std::optional<std::string> Ledger::find_text(const RunFact& run,
                                             core::TaskIndex task,
                                             const std::string& text) const {
  const Reference reference = read_reference(text);
  const auto element = [&] {
    const std::size_t block = run.block_of(task);
    return run.elements[block][task - run.blocks[block].first];
  };
  switch (reference.kind) {
    case Reference::Kind::kNone:
      return text;
    case Reference::Kind::kTaskValue:
      return find_value(run, reference);
    case Reference::Kind::kInput:
      return plain(element());
    case Reference::Kind::kInputField:
      return read_field(element(), reference.name);
    case Reference::Kind::kJobParameter:
      return find_parameter(run.record.parameters, reference.name);
  }
  return std::nullopt;
}

void Ledger::check_arguments(const RunFact& run,
                             core::TaskIndex task,
                             const model::AttemptSpec& spec) const {
  const auto& action = std::get<model::CommandTask>(run.settings_of(task).action);
  for (std::size_t index = 0; index < action.command.size(); ++index) {
    if (find_text(run, task, action.command[index]) != spec.arguments[index]) {
      violate("values",
              "task " + spec.task_key + " got \"" + spec.arguments[index] + "\" for " +
                  action.command[index] + ", which nothing recorded gives");
    }
  }
}

void Ledger::check_overlap(const Process& process) const {
  const std::set<core::TaskRef> rows = rows_of(process.attempt);
  for (const Process& other : truth_.processes()) {
    if (!other.is_alive) {
      continue;
    }
    const std::set<core::TaskRef> others = rows_of(other.attempt);
    const bool is_silent = std::ranges::any_of(others, [&](const core::TaskRef& row) {
      return rows.contains(row) &&
             (other.attempt == process.attempt || !overlaps_.contains({other.attempt, row}));
    });
    if (is_silent) {
      violate("P3",
              "attempts " + to_string(other.attempt) + " and " + to_string(process.attempt) +
                  " of task " + process.task_key + " live at once, and no record says so");
    }
  }
}

std::set<core::TaskRef> Ledger::rows_of(AttemptId attempt) const {
  const auto given = streams_.find_rows(attempt);
  return given ? *given : std::set<core::TaskRef>{tasks_of_attempts_.at(attempt)};
}

void Ledger::check_outcomes(const wire::Outcomes& outcomes) const {
  const auto task = tasks_of_attempts_.find(outcomes.attempt);
  if (task == tasks_of_attempts_.end() || task->second.task == core::kRunItself) {
    return;
  }
  const TaskFact& holder = runs_.at(task->second.run).tasks[task->second.task];
  if (holder.attempt == outcomes.attempt && holder.fence == outcomes.fence) {
    streams_.check_recorded(outcomes);
  }
}

void Ledger::check_devices(const Process& process) const {
  for (const Process& other : truth_.processes()) {
    // What nobody could end is recorded as lost, and what it held is given to others.
    if (!other.is_alive || other.machine != process.machine ||
        ended_attempts_.contains(other.attempt)) {
      continue;
    }
    for (const std::uint32_t gpu : process.gpus) {
      if (std::ranges::count(other.gpus, gpu) > 0) {
        violate("gpus",
                "attempts " + to_string(other.attempt) + " and " + to_string(process.attempt) +
                    " use one device at once");
      }
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

void Ledger::check_stored(const store::RunView& run) const {
  const std::optional<core::StoredRun>& finished = runs_.at(run.record.id).finished;
  if (!finished || finished->record != run.record || finished->rows != run.tasks ||
      finished->details != run.details) {
    violate("P1", "run " + to_string(run.record.id) + " is stored otherwise than it ended");
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
    check_equal(worker.cpu_millis, actual.workers.at(id).cpu_millis, "a worker's cores in use");
    check_equal(worker.memory_bytes, actual.workers.at(id).memory_bytes, "a worker's memory");
    check_equal(worker.gpus, actual.workers.at(id).gpus, "a worker's devices in use");
  }
  check_equal(expected.pools, actual.pools, "a pool");
  check_equal(expected.pool_usage, actual.pool_usage, "what a pool's tasks use");
  check_equal(expected.jobs.size(), actual.jobs.size(), "the count of active jobs");
  for (const auto& [id, job] : expected.jobs) {
    const core::JobActivity& other = actual.jobs.at(id);
    check_equal(job.running, other.running, "a job's running runs");
    check_equal(job.queued, other.queued, "a job's queue");
    check_equal(job.max_concurrent_runs, other.max_concurrent_runs, "a job's limit");
  }
}

}  // namespace sheaf::sim
