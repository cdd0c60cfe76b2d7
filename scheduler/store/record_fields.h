// What of each record is stored, in which order. The order is the stored form of format version 2:
// fields are only ever appended, read only where the value's version says that they are there.
#pragma once

#include <concepts>
#include <type_traits>

#include "scheduler/core/records.h"
#include "scheduler/store/codec.h"
#include "scheduler/store/enumerators.h"

namespace sheaf::store {

/// `Record` when it encodes is const, when it decodes is not.
template <typename Given, typename Record>
concept Of = std::same_as<std::remove_const_t<Given>, Record>;

template <typename Visitor, Of<model::TaskValue> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.key, r.json);
}

template <typename Visitor, Of<model::ScheduleSettings> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.quartz_cron_expression, r.timezone_id, r.paused, r.daylight_saving);
}

template <typename Visitor, Of<model::AlertTarget> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.channel, r.destination);
}

template <typename Visitor, Of<model::AttemptOutcome> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.end,
           r.exit_code,
           r.signal,
           r.tree_empty,
           r.out_of_memory,
           r.message,
           r.warnings,
           r.started,
           r.ended,
           r.stdout_bytes,
           r.stderr_bytes);
}

template <typename Visitor, Of<core::JobRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.id,
           r.deployment,
           r.resource_key,
           r.name,
           r.settings_digest,
           r.manifest_digest,
           r.file_path,
           r.creator,
           r.created,
           r.updated,
           r.schedule,
           r.links);
}

template <typename Visitor, Of<core::DeployedContent> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.resource_key, r.settings_digest, r.manifest_digest, r.file_path);
}

template <typename Visitor, Of<core::DeploymentRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.id,
           r.bundle,
           r.target,
           r.version,
           r.manifest_digest,
           r.file_path,
           r.deployed_by,
           r.deployed,
           r.jobs,
           r.contents);
}

template <typename Visitor, Of<core::TriggerRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.kind, r.trigger, r.nominal, r.hook, r.delivery, r.principal, r.parent);
}

template <typename Visitor, Of<core::IterationBlock> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.parent, r.first, r.count, r.first_attempt);
}

template <typename Visitor, Of<core::TaskRef> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.run, r.task);
}

template <typename Visitor, Of<core::JobLink> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.resource_key, r.job);
}

template <typename Visitor, Of<core::RepairRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.id, r.started, r.ended, r.state, r.message, r.attempts);
}

template <typename Visitor, Of<core::RunRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.id,
           r.job,
           r.deployment,
           r.name,
           r.settings_digest,
           r.manifest_digest,
           r.file_path,
           r.state,
           r.stop_reason,
           r.message,
           r.trigger,
           r.parameters,
           r.overrides,
           r.idempotency_token,
           r.submitted,
           r.started,
           r.ended,
           r.deadline,
           r.first_attempt,
           r.submitted_size,
           r.graph_size,
           r.task_count,
           r.blocks,
           r.type,
           r.depth,
           r.links,
           r.only,
           r.python_parameters,
           r.repairs);
}

template <typename Visitor, Of<core::TaskRow> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.state,
           r.outcome,
           r.lost_attempts,
           r.stop_reason,
           r.attempt_number,
           r.attempt,
           r.worker,
           r.fence,
           r.started,
           r.ended,
           r.deadline,
           r.stdout_bytes,
           r.stderr_bytes);
}

template <typename Visitor, Of<core::AttemptRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.id, r.number, r.repair, r.worker, r.state, r.overlap_possible, r.outcome);
}

template <typename Visitor, Of<core::TaskDetails> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.message, r.attempts, r.values, r.staged, r.warnings, r.child, r.gpus);
}

template <typename Visitor, Of<model::WorkerResources> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.cpu_millis, r.memory_bytes, r.gpus);
}

template <typename Visitor, Of<core::PoolRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.name, r.limit, r.updated);
}

template <typename Visitor, Of<core::WorkerRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.id,
           r.name,
           r.boot_id,
           r.version,
           r.slots,
           r.labels,
           r.registered,
           r.resources,
           r.cached_environments);
}

template <typename Visitor, Of<core::ScheduleRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.id, r.job, r.settings, r.settled, r.next);
}

template <typename Visitor, Of<core::SkippedFire> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.trigger, r.job, r.nominal, r.reason, r.covered_by);
}

template <typename Visitor, Of<core::AlertRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r,
           r.id,
           r.event,
           r.target,
           r.run,
           r.job,
           r.job_name,
           r.run_state,
           r.message,
           r.state,
           r.tries,
           r.created,
           r.next_try,
           r.last_error);
}

template <typename Visitor, Of<core::HookSecretRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.job, r.hook, r.sealed, r.set);
}

template <typename Visitor, Of<core::ReceiptRecord> Record>
void fields(Visitor& visit, Record& r) {
  visit.of(r, r.key, r.run, r.at);
}

}  // namespace sheaf::store
