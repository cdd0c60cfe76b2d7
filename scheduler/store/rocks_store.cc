#include "scheduler/store/rocks_store.h"

#include "common/base/check.h"
#include "common/base/failpoint.h"
#include "scheduler/store/batch_writer.h"
#include "scheduler/store/rocks_open.h"

namespace sheaf::store {
namespace {

Result<core::StoredRun> recover_run(const RocksReader& reader, SettingsCache& settings, RunId id) {
  auto run = reader.run(id);
  if (!run) {
    return fail(run.error());
  }
  if (!run->has_value()) {
    return fail(ErrorCode::kCorrupt, "unfinished run " + to_string(id) + " has no row");
  }
  RunView& view = **run;
  auto compiled = settings.get(view.record.settings_digest);
  if (!compiled) {
    return fail(compiled.error(), "run " + to_string(id));
  }
  std::vector<core::InputsPointer> inputs;
  for (std::uint32_t block = 0; block < view.record.blocks.size(); ++block) {
    auto lines = reader.iteration_inputs(id, block);
    if (!lines) {
      return fail(lines.error());
    }
    inputs.push_back(std::make_shared<const core::IterationInputs>(
        core::IterationInputs::from_stored(*std::move(lines))));
  }
  return core::StoredRun{.record = std::move(view.record),
                         .settings = *std::move(compiled),
                         .rows = std::move(view.tasks),
                         .details = std::move(view.details),
                         .inputs = std::move(inputs)};
}

/// As the job was last deployed; nothing when it is gone.
Result<std::optional<std::int64_t>> max_concurrent_runs(const RocksReader& reader,
                                                        SettingsCache& settings,
                                                        JobId id) {
  const auto job = reader.job(id);
  if (!job) {
    return fail(job.error());
  }
  if (!job->has_value()) {
    return std::nullopt;
  }
  const auto compiled = settings.get((*job)->settings_digest);
  if (!compiled) {
    return fail(compiled.error());
  }
  return (*compiled)->max_concurrent_runs;
}

}  // namespace

struct RocksStore::Parts {
  StoreFolder folder;
  OpenedRows rows;
  HighWater high_water;
  std::set<RunId> unfinished;
};

RocksStore::RocksStore(Parts parts)
    : folder_(std::move(parts.folder)),
      db_(std::move(parts.rows.db)),
      head_(parts.rows.head),
      high_water_(std::move(parts.high_water)),
      unfinished_(std::move(parts.unfinished)),
      notices_(std::move(parts.rows.notices)) {}

Result<std::unique_ptr<Store>> RocksStore::open(const std::filesystem::path& path,
                                                const RocksSettings& settings) {
  auto folder = StoreFolder::open(path);
  if (!folder) {
    return fail(folder.error());
  }
  const auto mark = HighWater::read(folder->high_water());
  if (!mark) {
    return fail(mark.error());
  }
  auto rows = open_rows(*folder, *mark, settings);
  if (!rows) {
    return fail(rows.error());
  }
  const HeadRow& head = rows->head;
  auto high_water = HighWater::open(
      folder->high_water(), Mark{.epoch = head.epoch, .batch = head.batch, .chain = head.chain});
  if (!high_water) {
    return fail(high_water.error());
  }
  const auto unfinished = RocksReader(*rows->db).unfinished_runs();
  if (!unfinished) {
    return fail(unfinished.error());
  }
  return std::unique_ptr<Store>(
      new RocksStore(Parts{.folder = *std::move(folder),
                           .rows = *std::move(rows),
                           .high_water = *std::move(high_water),
                           .unfinished = {unfinished->begin(), unfinished->end()}}));
}

Result<void> RocksStore::commit(const Batch& batch) {
  SHEAF_CHECK(batch.number == head_.batch + 1, "batches are committed in order");
  SHEAF_CHECK(batch.epoch >= head_.epoch && batch.next_id >= head_.next_id,
              "epoch and ids never go back");
  BatchWriter writer(*db_, unfinished_);
  const auto head = writer.add(batch, head_);
  if (!head) {
    return fail(head.error());
  }
  failpoint::reach("store.before_commit");
  const rocksdb::Status status = db_->Write(make_write_options(), &writer.rows());
  if (!status.ok()) {
    return fail(to_error(status, "commit of batch " + std::to_string(batch.number)));
  }
  failpoint::reach("store.after_commit");
  head_ = *head;
  return high_water_.raise(Mark{.epoch = head_.epoch, .batch = head_.batch, .chain = head_.chain});
}

Head RocksStore::head() const {
  return Head{.epoch = head_.epoch, .batch = head_.batch, .chain = head_.chain};
}

std::unique_ptr<Reader> RocksStore::read() const {
  return std::make_unique<RocksReader>(*db_);
}

Result<core::StoredState> RocksStore::recover() const {
  const RocksReader reader(*db_);
  SettingsCache settings(reader);
  core::StoredState state{.epoch = head_.epoch, .next_id = head_.next_id};
  for (const RunId id : unfinished_) {
    auto run = recover_run(reader, settings, id);
    if (!run) {
      return fail(run.error());
    }
    const JobId job = run->record.job;
    const auto limit = max_concurrent_runs(reader, settings, job);
    if (!limit) {
      return fail(limit.error(), "job " + to_string(job));
    }
    if (limit->has_value()) {
      state.max_concurrent_runs[job] = **limit;
    }
    state.runs.push_back(*std::move(run));
  }
  auto workers = reader.workers();
  if (!workers) {
    return fail(workers.error());
  }
  state.workers = *std::move(workers);
  auto schedules = reader.schedules();
  if (!schedules) {
    return fail(schedules.error());
  }
  state.schedules = *std::move(schedules);
  auto pools = reader.pools();
  if (!pools) {
    return fail(pools.error());
  }
  state.pools = *std::move(pools);
  return state;
}

Result<std::unique_ptr<Store>> open_store(const std::filesystem::path& folder) {
  return RocksStore::open(folder, RocksSettings{});
}

}  // namespace sheaf::store
