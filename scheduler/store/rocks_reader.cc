#include "scheduler/store/rocks_reader.h"

#include <limits>

#include "scheduler/core/state.h"
#include "scheduler/store/batch_chain.h"
#include "scheduler/store/rocks_options.h"

namespace sheaf::store {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::string_view view_of(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

template <typename Row>
Result<Row> decode_at(std::string_view key, std::string_view value) {
  auto row = decode<Row>(value);
  if (!row) {
    return fail(row.error(), "row " + describe_key(key));
  }
  return row;
}

bool is_wanted(const core::RunRecord& run, const RunFilter& filter) {
  const bool is_over = model::is_terminal(run.state);
  return (!filter.job.is_valid() || run.job == filter.job) && !(filter.active_only && is_over) &&
         !(filter.completed_only && !is_over);
}

}  // namespace

RocksReader::RocksReader(rocksdb::DB& db) : db_(db), snapshot_(db.GetSnapshot()) {}

RocksReader::~RocksReader() {
  db_.ReleaseSnapshot(snapshot_);
}

Result<std::optional<std::string>> RocksReader::find_bytes(const Key& key) const {
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  std::string value;
  const rocksdb::Status status = db_.Get(options, key.bytes(), &value);
  if (status.IsNotFound()) {
    return std::optional<std::string>{};
  }
  if (!status.ok()) {
    return fail(to_error(status, "read row " + describe_key(key.bytes())));
  }
  return std::optional(std::move(value));
}

template <typename Row>
Result<std::optional<Row>> RocksReader::find(const Key& key) const {
  const auto value = find_bytes(key);
  if (!value) {
    return fail(value.error());
  }
  if (!value->has_value()) {
    return std::optional<Row>{};
  }
  auto row = decode_at<Row>(key.bytes(), **value);
  if (!row) {
    return fail(row.error());
  }
  return std::optional(*std::move(row));
}

template Result<std::optional<HeadRow>> RocksReader::find(const Key& key) const;
template Result<std::optional<IdentityRow>> RocksReader::find(const Key& key) const;
template Result<std::optional<BatchRow>> RocksReader::find(const Key& key) const;

RocksReader::Range RocksReader::all_with(const Key& prefix) {
  return Range{.begin = prefix.bytes(), .end = prefix.end_of_prefix()};
}

Result<void> RocksReader::scan(const Range& range, const OnRow& on_row) const {
  const rocksdb::Slice lower(range.begin);
  const rocksdb::Slice upper(range.end);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot_;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  const std::unique_ptr<rocksdb::Iterator> row(db_.NewIterator(options));
  const bool is_forward = range.order == Order::kForward;
  is_forward ? row->SeekToFirst() : row->SeekToLast();
  while (row->Valid()) {
    const auto goes_on = on_row(view_of(row->key()), view_of(row->value()));
    if (!goes_on) {
      return fail(goes_on.error());
    }
    if (!*goes_on) {
      return {};
    }
    is_forward ? row->Next() : row->Prev();
  }
  if (!row->status().ok()) {
    return fail(to_error(row->status(), "read rows from " + describe_key(range.begin)));
  }
  return {};
}

template <typename Row>
Result<std::vector<Row>> RocksReader::collect(const Range& range, std::size_t limit) const {
  std::vector<Row> rows;
  if (limit == 0) {
    return rows;
  }
  auto scanned =
      scan(range, [&rows, limit](std::string_view key, std::string_view value) -> Result<bool> {
        auto row = decode_at<Row>(key, value);
        if (!row) {
          return fail(row.error());
        }
        rows.push_back(*std::move(row));
        return rows.size() < limit;
      });
  if (!scanned) {
    return fail(scanned.error());
  }
  return rows;
}

Result<std::optional<core::JobRecord>> RocksReader::job(JobId job) const {
  return find<core::JobRecord>(Key(Table::kJob).id(job));
}

Result<std::vector<core::JobRecord>> RocksReader::jobs(JobId after, std::size_t limit) const {
  Range range = all_with(Key(Table::kJob));
  range.begin = Key(Table::kJob).id(JobId{after.value + 1}).bytes();
  return collect<core::JobRecord>(range, limit);
}

Result<std::string> RocksReader::settings(std::string_view digest) const {
  auto row = find<SettingsRow>(Key(Table::kSettings).text(digest));
  if (!row) {
    return fail(row.error());
  }
  if (!row->has_value()) {
    return fail(ErrorCode::kNotFound, "no settings with digest " + std::string(digest));
  }
  return std::move((*row)->json);
}

Result<std::optional<core::DeploymentRecord>> RocksReader::deployment(
    std::string_view bundle, std::string_view target) const {
  const auto reference = find<DeploymentReferenceRow>(deployment_name_key(bundle, target));
  if (!reference) {
    return fail(reference.error());
  }
  if (!reference->has_value()) {
    return std::optional<core::DeploymentRecord>{};
  }
  return find<core::DeploymentRecord>(Key(Table::kDeployment).id((*reference)->deployment));
}

Result<std::vector<core::DeploymentRecord>> RocksReader::deployments() const {
  return collect<core::DeploymentRecord>(all_with(Key(Table::kDeployment)), kAll);
}

Result<std::vector<core::DeploymentRecord>> RocksReader::deployment_versions(
    DeploymentId deployment) const {
  Range range = all_with(Key(Table::kDeploymentVersion).id(deployment));
  range.order = Order::kBackward;
  return collect<core::DeploymentRecord>(range, kAll);
}

Result<std::optional<core::RunRecord>> RocksReader::run_record(RunId run) const {
  return find<core::RunRecord>(Key(Table::kRun).id(run));
}

Result<std::optional<RunView>> RocksReader::run(RunId run) const {
  auto record = run_record(run);
  if (!record) {
    return fail(record.error());
  }
  if (!record->has_value()) {
    return std::optional<RunView>{};
  }
  RunView view;
  view.record = **std::move(record);
  if (auto tasks = read_tasks(view); !tasks) {
    return fail(tasks.error(), "run " + to_string(run));
  }
  return std::optional(std::move(view));
}

Result<void> RocksReader::read_tasks(RunView& view) const {
  const RunId run = view.record.id;
  const auto pages = collect<TasksRow>(all_with(Key(Table::kTasks).id(run)), kAll);
  if (!pages) {
    return fail(pages.error());
  }
  for (const TasksRow& page : *pages) {
    const bool is_aligned = view.tasks.size() % core::kTasksPerPage == 0;
    if (!is_aligned) {
      return fail(ErrorCode::kCorrupt, "a page of tasks before the last is not full");
    }
    view.tasks.insert(view.tasks.end(), page.tasks.begin(), page.tasks.end());
  }
  if (view.tasks.size() != view.record.task_count) {
    return fail(ErrorCode::kCorrupt,
                std::to_string(view.tasks.size()) + " of " +
                    std::to_string(view.record.task_count) + " tasks are there");
  }
  auto details = collect<DetailsRow>(all_with(Key(Table::kDetails).id(run)), kAll);
  if (!details) {
    return fail(details.error());
  }
  for (DetailsRow& page : *details) {
    view.details.merge(page.details);
  }
  if (!view.details.empty() && view.details.rbegin()->first >= view.record.task_count) {
    return fail(ErrorCode::kCorrupt, "details of a task that the run does not have");
  }
  return {};
}

Result<std::vector<core::RunRecord>> RocksReader::runs(const RunFilter& filter) const {
  std::vector<core::RunRecord> runs;
  if (filter.limit == 0) {
    return runs;
  }
  // Active runs are few; a job's runs are indexed; all runs are the table itself.
  Key prefix(filter.active_only ? Table::kUnfinished : Table::kRun);
  std::size_t id_position = 0;
  if (!filter.active_only && filter.job.is_valid()) {
    prefix = Key(Table::kRunByJob).id(filter.job);
    id_position = 1;
  }
  Range range = all_with(prefix);
  range.order = Order::kBackward;
  if (filter.before.is_valid()) {
    range.end = prefix.id(filter.before).bytes();
  }
  auto scanned = scan(range, [&](std::string_view key, std::string_view) -> Result<bool> {
    auto record = run_record(id_in_key<RunId>(key, id_position));
    if (!record) {
      return fail(record.error());
    }
    if (!record->has_value()) {
      return fail(ErrorCode::kCorrupt, "row " + describe_key(key) + " names no run");
    }
    if (is_wanted(**record, filter)) {
      runs.push_back(**std::move(record));
    }
    return runs.size() < filter.limit;
  });
  if (!scanned) {
    return fail(scanned.error());
  }
  return runs;
}

Result<std::string> RocksReader::iteration_inputs(RunId run, std::uint32_t block) const {
  auto row = find<InputsRow>(page_key(Table::kInputs, run, block));
  if (!row) {
    return fail(row.error());
  }
  if (!row->has_value()) {
    return fail(ErrorCode::kCorrupt,
                "run " + to_string(run) + " has no inputs for block " + std::to_string(block));
  }
  return std::move((*row)->lines);
}

Result<std::optional<RunId>> RocksReader::run_of_attempt(AttemptId attempt) const {
  Range range = all_with(Key(Table::kAttemptRun));
  range.order = Order::kBackward;
  range.end = Key(Table::kAttemptRun).id(AttemptId{attempt.value + 1}).bytes();
  std::optional<RunId> found;
  auto scanned = scan(range, [&](std::string_view key, std::string_view value) -> Result<bool> {
    const auto row = decode_at<RunReferenceRow>(key, value);
    if (!row) {
      return fail(row.error());
    }
    const auto first = id_in_key<AttemptId>(key, 0);
    if (attempt.value < first.value + std::int64_t{row->count}) {
      found = row->run;
    }
    return false;
  });
  if (!scanned) {
    return fail(scanned.error());
  }
  if (found) {
    return found;
  }
  // A run's first attempts lie above its id and below the next run's.
  const auto runs = this->runs(RunFilter{.before = RunId{attempt.value}, .limit = 1});
  if (!runs) {
    return fail(runs.error());
  }
  if (runs->empty()) {
    return std::optional<RunId>{};
  }
  const core::RunRecord& run = runs->front();
  const bool is_inside = attempt >= run.first_attempt &&
                         attempt.value < run.first_attempt.value + std::int64_t{run.submitted_size};
  return is_inside ? std::optional(run.id) : std::optional<RunId>{};
}

Result<std::vector<core::ScheduleRecord>> RocksReader::schedules() const {
  return collect<core::ScheduleRecord>(all_with(Key(Table::kSchedule)), kAll);
}

Result<std::vector<core::SkippedFire>> RocksReader::skipped_fires(JobId job,
                                                                  std::size_t limit) const {
  Range range = all_with(Key(Table::kSkippedFire).id(job));
  range.order = Order::kBackward;
  return collect<core::SkippedFire>(range, limit);
}

Result<std::vector<core::WorkerRecord>> RocksReader::workers() const {
  return collect<core::WorkerRecord>(all_with(Key(Table::kWorker)), kAll);
}

Result<std::vector<core::PoolRecord>> RocksReader::pools() const {
  return collect<core::PoolRecord>(all_with(Key(Table::kPool)), kAll);
}

Result<std::optional<core::ReceiptRecord>> RocksReader::receipt(std::string_view key) const {
  return find<core::ReceiptRecord>(Key(Table::kReceipt).text(key));
}

Result<std::optional<core::AlertRecord>> RocksReader::alert(AlertId alert) const {
  return find<core::AlertRecord>(Key(Table::kAlert).id(alert));
}

Result<std::vector<core::AlertRecord>> RocksReader::alerts_of(const Range& range,
                                                              std::size_t limit) const {
  std::vector<core::AlertRecord> alerts;
  if (limit == 0) {
    return alerts;
  }
  auto scanned = scan(range, [&](std::string_view key, std::string_view) -> Result<bool> {
    auto record = alert(id_in_key<AlertId>(key, 1));
    if (!record) {
      return fail(record.error());
    }
    if (!record->has_value()) {
      return fail(ErrorCode::kCorrupt, "row " + describe_key(key) + " names no alert");
    }
    alerts.push_back(**std::move(record));
    return alerts.size() < limit;
  });
  if (!scanned) {
    return fail(scanned.error());
  }
  return alerts;
}

Result<std::vector<core::AlertRecord>> RocksReader::pending_alerts(std::size_t limit) const {
  return alerts_of(all_with(Key(Table::kPendingAlert)), limit);
}

Result<std::vector<core::AlertRecord>> RocksReader::alerts_of_run(RunId run) const {
  return alerts_of(all_with(Key(Table::kAlertByRun).id(run)), kAll);
}

Result<std::optional<core::HookSecretRecord>> RocksReader::hook_secret(
    JobId job, std::string_view hook) const {
  return find<core::HookSecretRecord>(hook_secret_key(job, hook));
}

Result<std::vector<RunId>> RocksReader::unfinished_runs() const {
  std::vector<RunId> runs;
  auto scanned = scan(all_with(Key(Table::kUnfinished)),
                      [&runs](std::string_view key, std::string_view) -> Result<bool> {
                        runs.push_back(id_in_key<RunId>(key, 0));
                        return true;
                      });
  if (!scanned) {
    return fail(scanned.error());
  }
  return runs;
}

}  // namespace sheaf::store
