// How the ledger follows the events.
#pragma once

#include <string>

#include "tests/sim/ledger.h"

namespace sheaf::sim {

/// Events without an overload change nothing that is judged here.
class Ledger::Reader {
 public:
  explicit Reader(Ledger& ledger) : ledger_(ledger) {}

  void operator()(const core::JobRecorded& event);
  void operator()(const core::JobRemoved& event);
  void operator()(const core::RunSubmitted& event);
  void operator()(const core::FireSkipped& event);
  void operator()(const core::ReceiptRecorded& event);
  void operator()(const core::RunStarted& event);
  void operator()(const core::RunStopRequested& event);
  void operator()(const core::RunFinished& event);
  void operator()(const core::TasksReady& event);
  void operator()(const core::TasksLeased& event);
  void operator()(const core::TaskReturned& event);
  void operator()(const core::AttemptStarted& event);
  void operator()(const core::LossExpected& event);
  void operator()(const core::AttemptStopRequested& event);
  void operator()(const core::AttemptFinished& event);
  void operator()(const core::RetryScheduled& event);
  void operator()(const core::TaskFinished& event);
  void operator()(const core::WorkerRecorded& event);
  void operator()(const core::WorkerSuspected& event);
  void operator()(const core::PoolRecorded& event);
  void operator()(const core::TaskDelegated& event);
  void operator()(const core::IterationsPlanned& event);
  void operator()(const core::ChildRunStarted& event);
  void operator()(const core::DelegationStopRequested& event);
  void operator()(const core::IterationsAbandoned& event);
  void operator()(const core::RunRepaired& event);
  void operator()(const core::RunDeleted& event);
  void operator()(const core::StreamReported& event);
  void operator()(const core::StreamEnded& event);
  void operator()(const core::IterationsReturned& event);
  template <typename Other>
  void operator()(const Other& /*event*/) {}

 private:
  void trace(const std::string& what) const;
  void take_nominal(TriggerId trigger, Timestamp nominal);
  void lease(const core::TasksLeased& event, const core::TasksLeased::Lease& lease);
  void begin_stream(const core::TasksLeased& event, const core::TasksLeased::Lease& lease);
  /// One row has the end of a process that worked through others too, or tells one of its own.
  void end_iteration(const core::AttemptFinished& event);
  void tell_parent(const RunFact& run);
  void begin(RunId run, core::TaskIndex task);
  /// What the inputs of the for-each task read as now.
  [[nodiscard]] std::vector<std::string> elements_of(const RunFact& run,
                                                     core::TaskIndex task) const;
  void take_repaired(const core::RunRepaired& event, RunFact& run);
  /// Whether the run waits where there is no place.
  [[nodiscard]] bool queues(const RunFact& run) const;
  void check_skip(const RunFact& run, const JobFact& job, Timestamp at) const;
  void check_outcome(const core::AttemptRecord& attempt) const;

  Ledger& ledger_;
};

}  // namespace sheaf::sim
