// What of each event is stored, in which order; see record_fields.h. An event's place in
// core::Event is its stored tag.
#pragma once

#include "scheduler/core/event.h"
#include "scheduler/store/record_fields.h"

namespace sheaf::store {

template <typename Visitor, Of<core::EpochBegan> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.epoch);
}

template <typename Visitor, Of<core::DeploymentRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.deployment);
}

template <typename Visitor, Of<core::DeploymentRemoved> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.deployment, e.bundle, e.target);
}

template <typename Visitor, Of<core::JobRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.job, e.settings_json, e.max_concurrent_runs, e.timeout_s);
}

template <typename Visitor, Of<core::JobRemoved> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.job);
}

template <typename Visitor, Of<core::ScheduleRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.schedule);
}

template <typename Visitor, Of<core::ScheduleRemoved> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.trigger);
}

template <typename Visitor, Of<core::FireSkipped> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.fire);
}

/// The settings travel by their digest, which the run's record holds.
template <typename Visitor, Of<core::RunSubmitted> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, NotStored{});
}

template <typename Visitor, Of<core::RunStarted> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.at, e.deadline);
}

template <typename Visitor, Of<core::RunStopRequested> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.reason, e.message);
}

template <typename Visitor, Of<core::RunFinished> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.state, e.message, e.at);
}

template <typename Visitor, Of<core::TasksReady> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.tasks);
}

template <typename Visitor, Of<core::TaskRange> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.first, r.count);
}

template <typename Visitor, Of<core::TasksLeased::Lease> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.task, e.worker, e.attempt, e.gpus, e.others);
}

template <typename Visitor, Of<core::TasksLeased> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.fence, e.leases);
}

template <typename Visitor, Of<core::TaskReturned> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task);
}

template <typename Visitor, Of<core::AttemptStarted> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.at, e.deadline);
}

template <typename Visitor, Of<core::ValuesStaged> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.values);
}

template <typename Visitor, Of<core::AttemptFinished> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.attempt);
}

template <typename Visitor, Of<core::RetryScheduled> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.attempt, e.at, e.was_lost);
}

template <typename Visitor, Of<core::AttemptStopRequested> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.reason);
}

template <typename Visitor, Of<core::LossExpected> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.at);
}

template <typename Visitor, Of<core::TaskFinished> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.state, e.outcome, e.message, e.at);
}

template <typename Visitor, Of<core::OutcomeIgnored> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.attempt, e.reason);
}

template <typename Visitor, Of<core::WorkerRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.worker);
}

template <typename Visitor, Of<core::WorkerSuspected> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.worker, e.suspect);
}

template <typename Visitor, Of<core::AlertRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.alert);
}

template <typename Visitor, Of<core::ReceiptRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.receipt);
}

template <typename Visitor, Of<core::HookSecretRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.secret);
}

template <typename Visitor, Of<core::TaskDelegated> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.at, e.deadline);
}

template <typename Visitor, Of<core::IterationsPlanned> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.block, NotStored{});
}

template <typename Visitor, Of<core::ChildRunStarted> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.child);
}

template <typename Visitor, Of<core::DelegationStopRequested> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.reason);
}

template <typename Visitor, Of<core::IterationsAbandoned> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.block, e.state, e.at);
}

template <typename Visitor, Of<core::AttemptRange> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.first, r.count);
}

/// Settings by their digest; inputs stand in rows of their own.
template <typename Visitor, Of<core::RunRepaired> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, NotStored{}, e.rows, e.details, NotStored{}, e.iterations);
}

template <typename Visitor, Of<core::RunDeleted> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run);
}

template <typename Visitor, Of<core::SettingsRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.digest, e.json);
}

template <typename Visitor, Of<core::PoolRecorded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.pool);
}

template <typename Visitor, Of<core::PoolRemoved> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.name);
}

template <typename Visitor, Of<core::TaskWarned> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.task, e.warning);
}

template <typename Visitor, Of<core::StreamReported> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.holder, e.mark, e.holder_error, e.succeeded, e.at);
}

template <typename Visitor, Of<core::StreamEnded> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.holder, e.stdout_bytes, e.stderr_bytes);
}

template <typename Visitor, Of<core::IterationsReturned> Record>
void fields(Visitor& visit, Record& e) {
  visit.of(e, e.run, e.rows, e.first_attempt);
}

}  // namespace sheaf::store
