#include "tests/sim/ledger.h"

#include <algorithm>

#include "tests/sim/oracle.h"
#include "tests/sim/trace.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {

using model::AttemptEnd;
using model::RunState;
using model::TaskState;

/// Follows the events. Events without an overload change nothing that is judged here.
class Ledger::Reader {
 public:
  void trace(const std::string& what) const {
    if (is_tracing) {
      sim::trace(ledger_.timeline_.now(), "ledger", what);
    }
  }

  explicit Reader(Ledger& ledger) : ledger_(ledger) {}

  void operator()(const core::JobRecorded& event) {
    ledger_.jobs_[event.job.id].max_concurrent_runs = event.max_concurrent_runs;
  }
  void operator()(const core::JobRemoved& event) {
    ledger_.jobs_[event.job].max_concurrent_runs = core::kMaxConcurrentRunsOfGoneJobs;
  }
  void operator()(const core::RunSubmitted& event) {
    trace("run " + to_string(event.run.id) + " of job " + to_string(event.run.job) + " submitted");
    RunFact fact{.record = event.run, .settings = event.settings};
    fact.tasks.resize(event.run.task_count);
    if (!ledger_.runs_.emplace(event.run.id, std::move(fact)).second) {
      violate("ids", "run " + to_string(event.run.id) + " was submitted twice");
    }
    ++ledger_.unfinished_;
    ledger_.jobs_[event.run.job].queued.push_back(event.run.id);
    if (event.run.trigger.kind == model::TriggerKind::kSchedule) {
      take_nominal(event.run.trigger.trigger, event.run.trigger.nominal);
    }
  }
  void operator()(const core::FireSkipped& event) {
    take_nominal(event.fire.trigger, event.fire.nominal);
  }
  void operator()(const core::ReceiptRecorded& event) {
    const auto [known, is_new] = ledger_.receipts_.emplace(event.receipt.key, event.receipt.run);
    if (!is_new) {
      violate("P6",
              event.receipt.key + " started the runs " + to_string(known->second) + " and " +
                  to_string(event.receipt.run));
    }
  }
  void operator()(const core::RunStarted& event) {
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
  void operator()(const core::RunFinished& event) {
    trace("run " + to_string(event.run) + " " + std::string(to_string(event.state)));
    RunFact& run = ledger_.runs_.at(event.run);
    if (std::exchange(run.is_over, true)) {
      violate("P2", "run " + to_string(event.run) + " ended twice");
    }
    --ledger_.unfinished_;
    JobFact& job = ledger_.jobs_[run.record.job];
    if (event.state == RunState::kSkipped) {
      check_skip(run, job, event.at);
    }
    std::erase(job.queued, event.run);
    job.running.erase(event.run);
  }
  void operator()(const core::TasksLeased& event) {
    for (const auto& lease : event.leases) {
      trace("  attempt " + to_string(lease.attempt) + " leased to " + to_string(lease.worker) +
            ", fence " + std::to_string(event.fence));
      TaskFact& task = ledger_.task(event.run, lease.task);
      if (task.attempt.is_valid() || is_terminal(task.state)) {
        violate("P3", "attempt " + to_string(lease.attempt) + " was leased while another is out");
      }
      task.attempt = lease.attempt;
      task.fence = event.fence;
      task.worker = lease.worker;
      task.is_loss_expected = false;
      ledger_.leases_.emplace(lease.attempt, event.fence);
      auto& on_worker = ledger_.on_worker_[lease.worker];
      on_worker.insert(lease.attempt);
      if (on_worker.size() > ledger_.slots_[lease.worker]) {
        violate("slots", "worker " + to_string(lease.worker) + " got more than it has slots");
      }
    }
  }
  void operator()(const core::TaskReturned& event) {
    trace("  task " + std::to_string(event.task) + " of run " + to_string(event.run) + " returned");
    ledger_.release(ledger_.task(event.run, event.task));
  }
  void operator()(const core::AttemptStarted& event) {
    trace("  task " + std::to_string(event.task) + " of run " + to_string(event.run) +
          " has started");
    ledger_.task(event.run, event.task).is_loss_expected = false;
  }
  void operator()(const core::LossExpected& event) {
    trace("  task " + std::to_string(event.task) + " of run " + to_string(event.run) +
          " is expected lost");
    ledger_.task(event.run, event.task).is_loss_expected = true;
  }
  void operator()(const core::AttemptFinished& event) {
    trace("  attempt " + to_string(event.attempt.id) + " " +
          std::string(to_string(event.attempt.outcome.end)) + ": " + event.attempt.outcome.message +
          (event.attempt.outcome.tree_empty ? ", tree empty" : ", tree not empty") +
          (event.attempt.overlap_possible ? ", overlap possible" : ""));
    const AttemptId id = event.attempt.id;
    if (!ledger_.ended_attempts_.insert(id).second) {
      violate("P2", "attempt " + to_string(id) + " has two outcomes");
    }
    if (event.attempt.overlap_possible) {
      ledger_.overlaps_.insert(id);
    }
    ledger_.release(ledger_.task(event.run, event.task));
    check_outcome(event.attempt);
    if (event.attempt.state == TaskState::kSucceeded) {
      const RunFact& run = ledger_.runs_.at(event.run);
      const auto processes = ledger_.truth_.of(id);
      ledger_.values_[{event.run, run.settings->tasks[event.task].task_key}] =
          processes.back()->values;
    }
  }
  void operator()(const core::TaskFinished& event) {
    trace("  task " + std::to_string(event.task) + " of run " + to_string(event.run) + " " +
          std::string(to_string(event.state)));
    TaskFact& task = ledger_.task(event.run, event.task);
    if (is_terminal(task.state)) {
      violate("P2", "a task of run " + to_string(event.run) + " ended twice");
    }
    if (task.attempt.is_valid()) {
      violate("P7", "a task of run " + to_string(event.run) + " ended with its attempt still out");
    }
    task.state = event.state;
    task.outcome = event.outcome;
  }
  void operator()(const core::WorkerRecorded& event) {
    trace("worker " + event.worker.name + " recorded as " + to_string(event.worker.id));
    ledger_.slots_[event.worker.id] = event.worker.slots;
  }
  void operator()(const core::AttemptStopRequested& event) {
    trace("  task " + std::to_string(event.task) + " of run " + to_string(event.run) +
          " is to stop");
  }
  void operator()(const core::RunStopRequested& event) {
    trace("run " + to_string(event.run) + " is to stop: " + event.message);
  }
  template <typename Other>
  void operator()(const Other& /*event*/) {}

 private:
  void take_nominal(TriggerId trigger, Timestamp nominal) {
    if (!ledger_.nominal_times_.emplace(trigger, nominal).second) {
      violate("P6", "a nominal time of schedule " + to_string(trigger) + " was settled twice");
    }
  }

  static void check_skip(const RunFact& run, const JobFact& job, Timestamp at) {
    const auto ahead = static_cast<std::int64_t>(job.queued.size() + job.running.size()) - 1;
    const bool has_no_place = ahead >= job.max_concurrent_runs && !run.settings->queue_enabled;
    const bool has_waited = at - run.record.submitted >= limits::kMaxQueueWait;
    if (!has_no_place && !has_waited && job.max_concurrent_runs != 0 &&
        run.settings->max_concurrent_runs != 0) {
      violate("queue", "run " + to_string(run.record.id) + " was skipped without need");
    }
  }

  void check_outcome(const core::AttemptRecord& attempt) const {
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

  Ledger& ledger_;
};

core::TaskIndex RunFact::index_of(const std::string& task_key) const {
  const auto found = std::ranges::find(settings->tasks, task_key, &model::TaskSettings::task_key);
  return static_cast<core::TaskIndex>(found - settings->tasks.begin());
}

void Ledger::record(const store::Batch& batch, std::uint64_t chain) {
  last_batch_ = batch.number;
  chain_ = chain;
  Reader reader(*this);
  for (const store::Batch::RunEvents& segment : batch.events) {
    for (const core::Event& event : segment.events) {
      ++events_;
      core::apply(folded_, event);
      std::visit(reader, event);
    }
  }
  core::retire_finished(folded_);
  check_rows(batch);
}

void Ledger::reopen(const store::Head& head) {
  if (held_ && head.batch == held_->number) {
    record(*held_, head.chain);
  }
  held_.reset();
  if (head.batch != last_batch_ || head.chain != chain_) {
    violate("P1",
            "the store came back at batch " + std::to_string(head.batch) + ", committed were " +
                std::to_string(last_batch_));
  }
}

void Ledger::check_rows(const store::Batch& batch) {
  for (const store::Batch::TaskPage& page : batch.pages) {
    for (std::size_t offset = 0; offset < page.rows.size(); ++offset) {
      const auto index = static_cast<core::TaskIndex>(page.page * core::kTasksPerPage + offset);
      const core::TaskRow& row = page.rows[offset];
      const auto details = page.details.find(index);
      const bool has_values = details != page.details.end() && !details->second.values.empty();
      if (has_values && row.state != TaskState::kSucceeded) {
        violate("values", "values of a task of run " + to_string(page.run) + " are visible early");
      }
      if (is_terminal(row.state)) {
        const auto [known, is_new] = final_rows_.emplace(core::TaskRef{page.run, index}, row);
        if (!is_new && known->second != row) {
          violate("P2", "a finished task of run " + to_string(page.run) + " changed");
        }
      }
      if (row.state != task(page.run, index).state && is_terminal(row.state)) {
        violate("rows", "a row of run " + to_string(page.run) + " is not what its events say");
      }
    }
  }
}

TaskFact& Ledger::task(RunId run, core::TaskIndex task) {
  return runs_.at(run).tasks.at(task);
}

void Ledger::release(TaskFact& task) {
  on_worker_[task.worker].erase(task.attempt);
  task.attempt = {};
  task.is_loss_expected = false;
}

}  // namespace sheaf::sim
