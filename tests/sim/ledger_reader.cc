#include "tests/sim/ledger_reader.h"

#include <algorithm>

#include "tests/sim/delegation_rules.h"
#include "tests/sim/deployed_files.h"
#include "tests/sim/texts.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {

using model::AttemptEnd;
using model::RunState;
using model::TaskState;

namespace {

std::string name_of(RunId run, core::TaskIndex task) {
  return "task " + std::to_string(task) + " of run " + to_string(run);
}

}  // namespace

void Ledger::Reader::trace(const std::string& what) const {
  if (is_tracing) {
    sim::trace(ledger_.timeline_.now(), "ledger", what);
  }
}

void Ledger::Reader::operator()(const core::JobRecorded& event) {
  ledger_.jobs_[event.job->id].max_concurrent_runs = event.max_concurrent_runs;
  ledger_.repairs_.note_job(event.job->id, event.job->settings_digest);
}

void Ledger::Reader::operator()(const core::JobRemoved& event) {
  ledger_.jobs_[event.job].max_concurrent_runs = core::kMaxConcurrentRunsOfGoneJobs;
  ledger_.repairs_.note_job(event.job, "");
}

void Ledger::Reader::operator()(const core::RunSubmitted& event) {
  trace("run " + to_string(event.run->id) + " of job " + to_string(event.run->job) + " submitted");
  RunFact fact{.record = *event.run, .settings = event.settings};
  fact.queued = event.run->submitted;
  fact.tasks.resize(event.run->task_count);
  if (!ledger_.runs_.emplace(event.run->id, std::move(fact)).second) {
    violate("ids", "run " + to_string(event.run->id) + " was submitted twice");
  }
  ++ledger_.unfinished_;
  JobFact& job = ledger_.jobs_[event.run->job];
  const auto ahead = static_cast<std::int64_t>(job.queued.size() + job.running.size());
  if (event.settings->max_concurrent_runs == 0 ||
      (ahead >= job.max_concurrent_runs && !queues(ledger_.runs_.at(event.run->id)))) {
    ledger_.to_skip_.push_back(event.run->id);
  }
  job.queued.push_back(event.run->id);
  if (event.run->trigger.kind == model::TriggerKind::kSchedule) {
    take_nominal(event.run->trigger.trigger, event.run->trigger.nominal);
  }
}

void Ledger::Reader::operator()(const core::FireSkipped& event) {
  take_nominal(event.fire.trigger, event.fire.nominal);
}

void Ledger::Reader::operator()(const core::ReceiptRecorded& event) {
  const auto [known, is_new] = ledger_.receipts_.emplace(event.receipt.key, event.receipt.run);
  if (!is_new) {
    violate("P6",
            event.receipt.key + " started the runs " + to_string(known->second) + " and " +
                to_string(event.receipt.run));
  }
}

void Ledger::Reader::operator()(const core::RunStarted& event) {
  trace("run " + to_string(event.run) + " started");
  const RunFact& run = ledger_.runs_.at(event.run);
  JobFact& job = ledger_.jobs_[run.record.job];
  if (job.queued.empty() || job.queued.front() != event.run) {
    violate("queue", "run " + to_string(event.run) + " did not start first in, first out");
  }
  job.queued.pop_front();
  job.running.insert(event.run);
  if (static_cast<std::int64_t>(job.running.size()) > job.max_concurrent_runs) {
    violate("queue", "job " + to_string(run.record.job) + " has too many runs at once");
  }
}

void Ledger::Reader::operator()(const core::RunStopRequested& event) {
  trace("run " + to_string(event.run) + " is to stop: " + event.message);
  ledger_.runs_.at(event.run).is_stopping = true;
}

void Ledger::Reader::operator()(const core::RunFinished& event) {
  trace("run " + to_string(event.run) + " " + std::string(to_string(event.state)));
  RunFact& run = ledger_.runs_.at(event.run);
  if (std::exchange(run.is_over, true)) {
    violate("P2", "run " + to_string(event.run) + " ended twice");
  }
  run.state = event.state;
  --ledger_.unfinished_;
  ledger_.ended_runs_.push_back(event.run);
  JobFact& job = ledger_.jobs_[run.record.job];
  if (event.state == RunState::kSkipped) {
    check_skip(run, job, event.at);
  }
  std::erase(job.queued, event.run);
  job.running.erase(event.run);
  tell_parent(run);
}

void Ledger::Reader::tell_parent(const RunFact& run) {
  const auto parent = ledger_.runs_.find(run.record.trigger.parent.run);
  if (parent == ledger_.runs_.end()) {
    return;
  }
  // A repair of the parent moves its tasks.
  for (TaskFact& task : parent->second.tasks) {
    for (ChildFact& child : task.children) {
      if (child.run == run.record.id && !child.end) {
        child.end = run.state;
      }
    }
  }
}

void Ledger::Reader::operator()(const core::TasksReady& event) {
  for (const core::TaskIndex task : event.tasks) {
    begin(event.run, task);
    ledger_.task(event.run, task).is_ready = true;
    ledger_.task(event.run, task).is_resting = false;
  }
}

void Ledger::Reader::begin(RunId run, core::TaskIndex task) {
  TaskFact& fact = ledger_.task(run, task);
  if (is_terminal(fact.state)) {
    violate("P2", name_of(run, task) + " begins again");
  }
  fact.has_begun = true;
}

void Ledger::Reader::operator()(const core::TasksLeased& event) {
  for (const auto& given : event.leases) {
    lease(event, given);
  }
}

void Ledger::Reader::lease(const core::TasksLeased& event, const core::TasksLeased::Lease& lease) {
  trace("  attempt " + to_string(lease.attempt) + " of " + name_of(event.run, lease.task) +
        " leased to " + to_string(lease.worker) + ", fence " + std::to_string(event.fence));
  TaskFact& task = ledger_.task(event.run, lease.task);
  if (task.attempt.is_valid() || is_terminal(task.state)) {
    violate("P3", "attempt " + to_string(lease.attempt) + " was leased while another is out");
  }
  task.is_ready = false;
  task.attempt = lease.attempt;
  task.fence = event.fence;
  task.worker = lease.worker;
  task.is_loss_expected = false;
  task.stop_reason = model::StopReason::kNone;
  ledger_.leases_.emplace(lease.attempt, event.fence);
  ledger_.tasks_of_attempts_[lease.attempt] = {event.run, lease.task};
  begin_stream(event, lease);
  auto& on_worker = ledger_.on_worker_[lease.worker];
  on_worker.insert(lease.attempt);
  if (on_worker.size() > ledger_.slots_[lease.worker]) {
    violate("slots", "worker " + to_string(lease.worker) + " got more than it has slots");
  }
}

void Ledger::Reader::operator()(const core::TaskReturned& event) {
  trace("  " + name_of(event.run, event.task) + " returned");
  ledger_.release(ledger_.task(event.run, event.task));
  ledger_.task(event.run, event.task).is_ready = true;
  ledger_.task(event.run, event.task).stream = {};
}

void Ledger::Reader::operator()(const core::AttemptStarted& event) {
  trace("  " + name_of(event.run, event.task) + " has started");
  ledger_.task(event.run, event.task).is_loss_expected = false;
}

void Ledger::Reader::operator()(const core::LossExpected& event) {
  trace("  " + name_of(event.run, event.task) + " is expected lost");
  ledger_.task(event.run, event.task).is_loss_expected = true;
}

void Ledger::Reader::operator()(const core::AttemptStopRequested& event) {
  trace("  " + name_of(event.run, event.task) + " is to stop");
  ledger_.task(event.run, event.task).stop_reason = event.reason;
}

void Ledger::Reader::operator()(const core::AttemptFinished& event) {
  trace("  attempt " + to_string(event.attempt.id) + " " +
        std::string(to_string(event.attempt.outcome.end)) + ": " + event.attempt.outcome.message +
        (event.attempt.outcome.tree_empty ? ", tree empty" : ", tree not empty") +
        (event.attempt.overlap_possible ? ", overlap possible" : ""));
  if (ledger_.runs_.at(event.run).is_stream(event.task)) {
    end_iteration(event);
    return;
  }
  const AttemptId id = event.attempt.id;
  if (!ledger_.ended_attempts_.insert(id).second) {
    violate("P2", "attempt " + to_string(id) + " has two outcomes");
  }
  if (event.attempt.overlap_possible) {
    ledger_.overlaps_.insert({id, {event.run, event.task}});
  }
  ledger_.release(ledger_.task(event.run, event.task));
  check_outcome(event.attempt);
  if (event.attempt.state == TaskState::kSucceeded) {
    const auto processes = ledger_.truth_.of(id);
    ledger_.values_[{event.run, event.task}] = processes.back()->values;
  }
}

void Ledger::Reader::operator()(const core::RetryScheduled& event) {
  trace("  " + name_of(event.run, event.task) + " is to be tried again");
  TaskFact& task = ledger_.task(event.run, event.task);
  if (task.stop_reason == model::StopReason::kUserCancel ||
      ledger_.runs_.at(event.run).is_stopping) {
    violate("cancel", name_of(event.run, event.task) + " is tried again though it was cancelled");
  }
  task.is_delegated = false;
  task.is_resting = true;
}

void Ledger::Reader::operator()(const core::TaskFinished& event) {
  trace("  " + name_of(event.run, event.task) + " " + std::string(to_string(event.state)));
  TaskFact& task = ledger_.task(event.run, event.task);
  if (is_terminal(task.state)) {
    violate("P2", "a task of run " + to_string(event.run) + " ended twice");
  }
  if (task.attempt.is_valid()) {
    violate("P7", "a task of run " + to_string(event.run) + " ended with its attempt still out");
  }
  task.state = event.state;
  task.outcome = event.outcome;
  task.is_delegated = false;
  task.is_ready = false;
}

void Ledger::Reader::operator()(const core::WorkerRecorded& event) {
  trace("worker " + event.worker.name + " recorded as " + to_string(event.worker.id));
  ledger_.slots_[event.worker.id] = event.worker.slots;
}

void Ledger::Reader::operator()(const core::WorkerSuspected& event) {
  trace("worker " + to_string(event.worker) +
        (event.suspect ? " gets no more" : " gets tasks again"));
}

void Ledger::Reader::operator()(const core::PoolRecorded& event) {
  trace("pool " + event.pool.name + " has the limit " + std::to_string(event.pool.limit));
}

void Ledger::Reader::operator()(const core::TaskDelegated& event) {
  trace("  " + name_of(event.run, event.task) + " is delegated");
  begin(event.run, event.task);
  TaskFact& task = ledger_.task(event.run, event.task);
  task.is_delegated = true;
  task.stop_reason = model::StopReason::kNone;
  ++task.delegations;
}

void Ledger::Reader::operator()(const core::IterationsPlanned& event) {
  trace("  " + name_of(event.run, event.block.parent) + " has " +
        std::to_string(event.block.count) + " iterations");
  RunFact& run = ledger_.runs_.at(event.run);
  if (run.find_block(event.block.parent) || event.block.first != run.tasks.size()) {
    violate("iterations", "those of " + name_of(event.run, event.block.parent) + " are misplaced");
  }
  run.blocks.push_back(event.block);
  run.elements.push_back(elements_of(run, event.block.parent));
  const auto& action = run.settings->tasks[event.block.parent].action;
  run.inputs.push_back(
      deployed_files::source_of(std::get<model::ForEachTask>(action), run.record.manifest_digest));
  if (run.elements.back().size() != event.block.count) {
    violate("iterations", name_of(event.run, event.block.parent) + " has another count of them");
  }
  run.tasks.resize(run.tasks.size() + event.block.count);
}

std::vector<std::string> Ledger::Reader::elements_of(const RunFact& run,
                                                     core::TaskIndex task) const {
  const auto& loop = std::get<model::ForEachTask>(run.settings->tasks[task].action);
  if (!loop.inputs_file.empty()) {
    return deployed_files::elements(run.record.manifest_digest, loop.inputs_file)
        .value_or(std::vector<std::string>{});
  }
  const Reference reference = read_reference(loop.inputs);
  const std::optional<std::string> text = reference.kind == Reference::Kind::kNone
                                              ? std::optional(loop.inputs)
                                              : ledger_.find_value(run, reference);
  const auto list = text ? read_list(*text) : std::nullopt;
  return list.value_or(std::vector<std::string>{});
}

void Ledger::Reader::operator()(const core::ChildRunStarted& event) {
  trace("  " + name_of(event.run, event.task) + " starts run " + to_string(event.child));
  ledger_.task(event.run, event.task).children.push_back({.run = event.child, .end = {}});
}

void Ledger::Reader::operator()(const core::DelegationStopRequested& event) {
  trace("  " + name_of(event.run, event.task) + " is to stop, with what runs for it");
  ledger_.task(event.run, event.task).stop_reason = event.reason;
}

void Ledger::Reader::operator()(const core::IterationsAbandoned& event) {
  RunFact& run = ledger_.runs_.at(event.run);
  const core::IterationBlock& block = run.blocks.at(event.block);
  for (core::TaskIndex row = block.first; row < block.first + block.count; ++row) {
    TaskFact& task = run.tasks[row];
    if (!is_terminal(task.state) && !task.attempt.is_valid() && !task.stream.is_valid() &&
        !task.is_delegated) {
      task.state = event.state;
      task.is_ready = false;
    }
  }
}

void Ledger::Reader::operator()(const core::RunDeleted& event) {
  trace("run " + to_string(event.run) + " is deleted");
  RunFact& run = ledger_.runs_.at(event.run);
  if (!run.is_over || std::exchange(run.is_deleted, true)) {
    violate("delete", "run " + to_string(event.run) + " is deleted before its end, or twice");
  }
}

void Ledger::Reader::take_nominal(TriggerId trigger, Timestamp nominal) {
  if (!ledger_.nominal_times_.emplace(trigger, nominal).second) {
    violate("P6", "a nominal time of schedule " + to_string(trigger) + " was settled twice");
  }
}

bool Ledger::Reader::queues(const RunFact& run) const {
  const auto asked = ledger_.queue_wishes_.find(run.record.idempotency_token);
  return asked == ledger_.queue_wishes_.end() ? run.settings->queue_enabled : asked->second;
}

void Ledger::Reader::check_skip(const RunFact& run, const JobFact& job, Timestamp at) const {
  const auto ahead = static_cast<std::int64_t>(job.queued.size() + job.running.size()) - 1;
  const bool has_no_place = ahead >= job.max_concurrent_runs && !queues(run);
  const bool has_waited = at - run.queued >= limits::kMaxQueueWait;
  if (!has_no_place && !has_waited && job.max_concurrent_runs != 0 &&
      run.settings->max_concurrent_runs != 0) {
    violate("queue", "run " + to_string(run.record.id) + " was skipped without need");
  }
}

void Ledger::Reader::check_outcome(const core::AttemptRecord& attempt) const {
  const bool is_unknown = attempt.outcome.end == AttemptEnd::kLost && !attempt.outcome.tree_empty;
  if (!is_unknown && ledger_.truth_.is_alive(attempt.id)) {
    violate("P7",
            "attempt " + to_string(attempt.id) + " is recorded as " +
                std::string(to_string(attempt.outcome.end)) + " and lives");
  }
  if (attempt.outcome.end != AttemptEnd::kExited) {
    return;
  }
  const auto processes = ledger_.truth_.of(attempt.id);
  const bool is_true = std::ranges::any_of(processes, [&attempt](const Process* process) {
    return process->has_exited && process->exit_code == attempt.outcome.exit_code;
  });
  if (!is_true) {
    violate("P2", "attempt " + to_string(attempt.id) + " never exited so");
  }
}

}  // namespace sheaf::sim
