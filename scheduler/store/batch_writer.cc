#include "scheduler/store/batch_writer.h"

#include "common/base/check.h"
#include "scheduler/core/state.h"
#include "scheduler/store/batch_chain.h"
#include "scheduler/store/rocks_options.h"

namespace sheaf::store {
namespace {

constexpr std::size_t kProtectionBytes = 8;
/// Of a deployment; an older one cannot be rolled back to.
constexpr std::uint64_t kVersionsKept = 100;

/// Attempts that their run has from this event on, but for those it was submitted with.
std::vector<core::AttemptRange> attempts_brought_by(const core::Event& event) {
  if (const auto* retry = std::get_if<core::RetryScheduled>(&event)) {
    return {{.first = retry->attempt, .count = 1}};
  }
  if (const auto* planned = std::get_if<core::IterationsPlanned>(&event)) {
    return {{.first = planned->block.first_attempt, .count = planned->block.count}};
  }
  const auto* returned = std::get_if<core::IterationsReturned>(&event);
  if (returned != nullptr && returned->first_attempt.is_valid()) {
    return {{.first = returned->first_attempt, .count = core::row_count(returned->rows)}};
  }
  if (const auto* repaired = std::get_if<core::RunRepaired>(&event)) {
    std::vector<core::AttemptRange> ranges = repaired->iterations;
    for (const AttemptId attempt : repaired->run->repairs.back().attempts) {
      ranges.push_back({.first = attempt, .count = 1});
    }
    return ranges;
  }
  return {};
}

}  // namespace

BatchWriter::BatchWriter(rocksdb::DB& db, std::set<RunId>& unfinished)
    : db_(db), unfinished_(unfinished), rows_(0, 0, kProtectionBytes, 0) {}

template <typename Row>
void BatchWriter::put(const Key& key, const Row& row) {
  const rocksdb::Status status = rows_.Put(key.bytes(), encode(row));
  SHEAF_CHECK(status.ok(), status.ToString());
}

template <typename Visit>
Result<void> BatchWriter::for_each_row(const Key& prefix, const Visit& visit) {
  const std::string end = prefix.end_of_prefix();
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  const std::unique_ptr<rocksdb::Iterator> at(db_.NewIterator(options));
  for (at->Seek(prefix.bytes()); at->Valid(); at->Next()) {
    if (auto visited = visit(at->key().ToStringView(), at->value().ToStringView()); !visited) {
      return visited;
    }
  }
  if (!at->status().ok()) {
    return fail(to_error(at->status(), "read rows of a run that is deleted"));
  }
  return {};
}

void BatchWriter::remove(const Key& key) {
  const rocksdb::Status status = rows_.Delete(key.bytes());
  SHEAF_CHECK(status.ok(), status.ToString());
}

Result<HeadRow> BatchWriter::add(const Batch& batch, const HeadRow& before) {
  HeadRow head{
      .epoch = batch.epoch, .batch = batch.number, .chain = before.chain, .next_id = batch.next_id};
  add_events(batch, head);
  for (const RunId run : batch.repaired_runs) {
    clear_run(run);
  }
  for (const core::RunRecord& run : batch.runs) {
    add_run(run);
  }
  for (const Batch::TaskPage& page : batch.pages) {
    add_page(page);
  }
  for (const Batch::RunInputs& entry : batch.inputs) {
    put(page_key(Table::kInputs, entry.run, entry.block),
        InputsRow{.lines = entry.inputs->lines()});
  }
  for (const RunId run : batch.deleted_runs) {
    if (auto deleted = delete_run(run); !deleted) {
      return fail(deleted.error());
    }
  }
  add_declarations(batch);
  add_records(batch);
  for (const auto& entry : batch.alerts) {
    if (auto added = add_alert(entry.second); !added) {
      return fail(added.error());
    }
  }
  put(Key(Table::kHead), head);
  return head;
}

void BatchWriter::add_events(const Batch& batch, HeadRow& head) {
  SplitEvents split = split_events(batch, head.chain);
  for (const auto& [run, bytes] : split.bytes) {
    const rocksdb::Status status = rows_.Put(events_key(run, batch.number).bytes(), bytes);
    SHEAF_CHECK(status.ok(), status.ToString());
  }
  put(Key(Table::kBatch).number(batch.number), split.row);
  head.chain = split.row.chain;
  for (const Batch::RunEvents& segment : batch.events) {
    add_attempts(segment.events);
  }
}

void BatchWriter::add_attempts(const std::vector<core::Event>& events) {
  for (const core::Event& event : events) {
    for (const core::AttemptRange& range : attempts_brought_by(event)) {
      put(Key(Table::kAttemptRun).id(range.first),
          RunReferenceRow{.run = core::run_of(event), .count = range.count});
    }
  }
}

/// The events of a run outlive it, and name every attempt that it ever had.
Result<void> BatchWriter::remove_attempts(RunId run) {
  const Key prefix = Key(Table::kEvents).id(run);
  return for_each_row(prefix, [this, run](std::string_view, std::string_view value) {
    const auto row = decode<EventsRow>(value);
    if (!row) {
      return Result<void>(fail(row.error(), "events of run " + to_string(run)));
    }
    for (const core::Event& event : row->events) {
      for (const core::AttemptRange& range : attempts_brought_by(event)) {
        remove(Key(Table::kAttemptRun).id(range.first));
      }
    }
    return Result<void>();
  });
}

/// Those that wait for their delivery stay until it: a promise does not end with the run.
Result<void> BatchWriter::remove_alerts(RunId run) {
  return for_each_row(Key(Table::kAlertByRun).id(run),
                      [this](std::string_view key, std::string_view) {
                        const auto id = id_in_key<AlertId>(key, 1);
                        const auto alert = find_alert(id);
                        if (!alert) {
                          return Result<void>(fail(alert.error()));
                        }
                        if (*alert && (*alert)->state != core::AlertRecord::State::kPending) {
                          remove_alert(**alert);
                        }
                        return Result<void>();
                      });
}

bool BatchWriter::is_deleted(RunId run) const {
  std::string stored;
  return db_.Get(rocksdb::ReadOptions(), Key(Table::kRun).id(run).bytes(), &stored).IsNotFound();
}

void BatchWriter::remove_alert(const core::AlertRecord& alert) {
  remove(Key(Table::kAlert).id(alert.id));
  remove(Key(Table::kAlertByRun).id(alert.run).id(alert.id));
}

void BatchWriter::remove_all(const Key& prefix) {
  const rocksdb::Status status = rows_.DeleteRange(prefix.bytes(), prefix.end_of_prefix());
  SHEAF_CHECK(status.ok(), status.ToString());
}

void BatchWriter::clear_run(RunId run) {
  for (const Table table : {Table::kTasks, Table::kDetails, Table::kInputs}) {
    remove_all(Key(table).id(run));
  }
}

Result<void> BatchWriter::delete_run(RunId run) {
  const Key key = Key(Table::kRun).id(run);
  std::string stored;
  const rocksdb::Status status = db_.Get(rocksdb::ReadOptions(), key.bytes(), &stored);
  if (!status.ok()) {
    return fail(to_error(status, "read run " + to_string(run)));
  }
  const auto record = decode<core::RunRecord>(stored);
  if (!record) {
    return fail(record.error(), "run " + to_string(run));
  }
  if (auto removed = remove_attempts(run); !removed) {
    return removed;
  }
  if (auto removed = remove_alerts(run); !removed) {
    return removed;
  }
  clear_run(run);
  remove(key);
  remove(Key(Table::kRunByJob).id(record->job).id(run));
  return {};
}

void BatchWriter::add_run(const core::RunRecord& run) {
  put(Key(Table::kRun).id(run.id), run);
  const bool is_over = model::is_terminal(run.state);
  const bool was_unfinished = unfinished_.contains(run.id);
  if (!was_unfinished) {
    put(Key(Table::kRunByJob).id(run.job).id(run.id), MarkRow{});
  }
  if (is_over && was_unfinished) {
    unfinished_.erase(run.id);
    remove(Key(Table::kUnfinished).id(run.id));
  } else if (!is_over && !was_unfinished) {
    unfinished_.insert(run.id);
    put(Key(Table::kUnfinished).id(run.id), MarkRow{});
  }
}

void BatchWriter::add_page(const Batch::TaskPage& page) {
  put(page_key(Table::kTasks, page.run, page.page), TasksRow{.tasks = page.rows});
  // Written when empty too: it may replace one that was not.
  put(page_key(Table::kDetails, page.run, page.page), DetailsRow{.details = page.details});
}

void BatchWriter::add_declarations(const Batch& batch) {
  for (const auto& [id, job] : batch.jobs) {
    const Key key = Key(Table::kJob).id(id);
    job ? put(key, *job) : remove(key);
  }
  add_deployments(batch);
  for (const auto& [digest, json] : batch.settings) {
    put(Key(Table::kSettings).text(digest), SettingsRow{.json = json});
  }
  for (const auto& [id, schedule] : batch.schedules) {
    const Key key = Key(Table::kSchedule).id(id);
    schedule ? put(key, *schedule) : remove(key);
  }
  for (const auto& [name, pool] : batch.pools) {
    const Key key = Key(Table::kPool).text(name);
    pool ? put(key, *pool) : remove(key);
  }
  for (const core::HookSecretRecord& secret : batch.hook_secrets) {
    put(hook_secret_key(secret.job, secret.hook), secret);
  }
}

void BatchWriter::add_deployments(const Batch& batch) {
  for (const core::DeploymentRemoved& removed : batch.removed_deployments) {
    remove(Key(Table::kDeployment).id(removed.deployment));
    remove(deployment_name_key(removed.bundle, removed.target));
    remove_all(Key(Table::kDeploymentVersion).id(removed.deployment));
  }
  for (const core::DeploymentRecord& version : batch.deployment_versions) {
    const auto key = [&version](std::uint64_t number) {
      return Key(Table::kDeploymentVersion).id(version.id).number(number);
    };
    put(key(version.version), version);
    if (version.version > kVersionsKept) {
      remove(key(version.version - kVersionsKept));
    }
  }
  for (const auto& [id, deployment] : batch.deployments) {
    put(Key(Table::kDeployment).id(id), deployment);
    put(deployment_name_key(deployment.bundle, deployment.target),
        DeploymentReferenceRow{.deployment = id});
  }
}

void BatchWriter::add_records(const Batch& batch) {
  for (const core::SkippedFire& fire : batch.skipped_fires) {
    put(Key(Table::kSkippedFire).id(fire.job).instant(fire.nominal).id(fire.trigger), fire);
  }
  for (const auto& [id, worker] : batch.workers) {
    put(Key(Table::kWorker).id(id), worker);
  }
  for (const auto& [key, receipt] : batch.receipts) {
    put(Key(Table::kReceipt).text(key), receipt);
  }
}

Result<std::optional<core::AlertRecord>> BatchWriter::find_alert(AlertId id) const {
  std::string stored;
  const rocksdb::Status status =
      db_.Get(rocksdb::ReadOptions(), Key(Table::kAlert).id(id).bytes(), &stored);
  if (status.IsNotFound()) {
    return std::optional<core::AlertRecord>{};
  }
  if (!status.ok()) {
    return fail(to_error(status, "read alert " + to_string(id)));
  }
  auto alert = decode<core::AlertRecord>(stored);
  if (!alert) {
    return fail(alert.error(), "alert " + to_string(id));
  }
  return std::optional(*std::move(alert));
}

Result<void> BatchWriter::add_alert(const core::AlertRecord& alert) {
  const auto before = find_alert(alert.id);
  if (!before) {
    return fail(before.error());
  }
  if (!*before) {
    put(Key(Table::kAlertByRun).id(alert.run).id(alert.id), MarkRow{});
  } else if ((*before)->state == core::AlertRecord::State::kPending) {
    remove(pending_alert_key((*before)->next_try, alert.id));
    if (alert.state != core::AlertRecord::State::kPending && is_deleted(alert.run)) {
      remove_alert(alert);
      return {};
    }
  }
  put(Key(Table::kAlert).id(alert.id), alert);
  if (alert.state == core::AlertRecord::State::kPending) {
    put(pending_alert_key(alert.next_try, alert.id), MarkRow{});
  }
  return {};
}

}  // namespace sheaf::store
