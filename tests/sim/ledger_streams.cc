// What the events of streams make of what the ledger knows.
#include "tests/sim/ledger_reader.h"
#include "tests/sim/violation.h"

namespace sheaf::sim {

void Ledger::Reader::begin_stream(const core::TasksLeased& event,
                                  const core::TasksLeased::Lease& lease) {
  RunFact& run = ledger_.runs_.at(event.run);
  if (!run.is_stream(lease.task)) {
    return;
  }
  run.tasks[lease.task].stream = lease.attempt;
  for (const core::TaskRange& range : lease.others) {
    for (core::TaskIndex row = range.first; row < range.first + range.count; ++row) {
      TaskFact& task = run.tasks[row];
      if (is_terminal(task.state) || task.attempt.is_valid() || task.stream.is_valid() ||
          task.is_ready || task.is_resting) {
        violate("P3",
                "attempt " + to_string(lease.attempt) + " was given iteration " +
                    std::to_string(row) + ", which does not wait");
      }
      task.stream = lease.attempt;
    }
  }
}

void Ledger::Reader::operator()(const core::StreamReported& event) {
  trace("  attempt " + to_string(ledger_.task(event.run, event.holder).attempt) +
        " reports, mark " + std::to_string(event.mark));
  RunFact& run = ledger_.runs_.at(event.run);
  for (const core::TaskRange& range : event.succeeded) {
    for (core::TaskIndex row = range.first; row < range.first + range.count; ++row) {
      TaskFact& task = run.tasks[row];
      if (is_terminal(task.state)) {
        violate("P2", "an iteration of run " + to_string(event.run) + " ended twice");
      }
      task.state = model::TaskState::kSucceeded;
      task.stream = {};
    }
  }
}

void Ledger::Reader::operator()(const core::StreamEnded& event) {
  RunFact& run = ledger_.runs_.at(event.run);
  const AttemptId attempt = run.tasks[event.holder].attempt;
  trace("  the process of attempt " + to_string(attempt) + " is over");
  if (!ledger_.ended_attempts_.insert(attempt).second) {
    violate("P2", "attempt " + to_string(attempt) + " ended twice");
  }
  ledger_.release(run.tasks[event.holder]);
  for (TaskFact& task : run.tasks) {
    task.stream = task.stream == attempt ? AttemptId{} : task.stream;
  }
}

void Ledger::Reader::operator()(const core::IterationsReturned& event) {
  for (const core::TaskRange& range : event.rows) {
    trace("  iterations " + std::to_string(range.first) + " and " +
          std::to_string(range.count - 1) + " more of run " + to_string(event.run) + " wait");
    for (core::TaskIndex row = range.first; row < range.first + range.count; ++row) {
      TaskFact& task = ledger_.task(event.run, row);
      if (is_terminal(task.state)) {
        violate("P2", "an iteration of run " + to_string(event.run) + " begins again");
      }
      task.stream = {};
      task.is_resting = false;
    }
  }
}

void Ledger::Reader::end_iteration(const core::AttemptFinished& event) {
  if (event.attempt.overlap_possible) {
    ledger_.overlaps_.insert({event.attempt.id, {event.run, event.task}});
  }
  ledger_.task(event.run, event.task).stream = {};
}

}  // namespace sheaf::sim
