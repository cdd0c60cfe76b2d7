#include "scheduler/engine/pending.h"

#include <algorithm>
#include <utility>

#include "common/base/check.h"

namespace sheaf::engine {
namespace {

/// Files the records that an event carries; events without records are silent.
struct Filer {
  store::Batch& records;

  void operator()(const core::DeploymentRecorded& event) const {
    records.deployments[event.deployment.id] = event.deployment;
    records.deployment_versions.push_back(event.deployment);
  }
  void operator()(const core::DeploymentRemoved& event) const {
    records.deployments.erase(event.deployment);
    std::erase_if(records.deployment_versions, [&event](const core::DeploymentRecord& version) {
      return version.id == event.deployment;
    });
    records.removed_deployments.push_back(event);
  }
  void operator()(const core::JobRecorded& event) const {
    records.jobs[event.job->id] = *event.job;
    if (!event.settings_json.empty()) {
      records.settings[event.job->settings_digest] = event.settings_json;
    }
  }
  void operator()(const core::JobRemoved& event) const { records.jobs[event.job] = std::nullopt; }
  void operator()(const core::ScheduleRecorded& event) const {
    records.schedules[event.schedule.id] = event.schedule;
  }
  void operator()(const core::ScheduleRemoved& event) const {
    records.schedules[event.trigger] = std::nullopt;
  }
  void operator()(const core::FireSkipped& event) const {
    records.skipped_fires.push_back(event.fire);
  }
  void operator()(const core::WorkerRecorded& event) const {
    records.workers[event.worker.id] = event.worker;
  }
  void operator()(const core::AlertRecorded& event) const {
    records.alerts[event.alert.id] = event.alert;
  }
  void operator()(const core::ReceiptRecorded& event) const {
    records.receipts[event.receipt.key] = event.receipt;
  }
  void operator()(const core::SettingsRecorded& event) const {
    records.settings[event.digest] = event.json;
  }
  void operator()(const core::RunRepaired& event) const {
    records.repaired_runs.insert(event.run->id);
  }
  void operator()(const core::RunDeleted& event) const { records.deleted_runs.insert(event.run); }
  void operator()(const core::HookSecretRecorded& event) const {
    records.hook_secrets.push_back(event.secret);
  }
  void operator()(const core::PoolRecorded& event) const {
    records.pools[event.pool.name] = event.pool;
  }
  void operator()(const core::PoolRemoved& event) const {
    records.pools[event.name] = std::nullopt;
  }
  template <typename Other>
  void operator()(const Other& /*event*/) const {}
};

store::Batch::TaskPage encode_page(const core::LiveRun& run, std::uint32_t page) {
  store::Batch::TaskPage encoded{.run = run.record.id, .page = page};
  const core::TaskIndex begin = page * core::kTasksPerPage;
  const core::TaskIndex end = std::min(begin + core::kTasksPerPage, run.record.task_count);
  encoded.rows.reserve(end - begin);
  for (core::TaskIndex task = begin; task < end; ++task) {
    encoded.rows.push_back(run.tasks.row(task));
  }
  for (auto found = run.details.lower_bound(begin);
       found != run.details.end() && found->first < end;
       ++found) {
    if (!found->second.is_empty()) {
      encoded.details.emplace(found->first, found->second);
    }
  }
  return encoded;
}

void encode_run(core::LiveRun& run, store::Batch& batch) {
  batch.runs.push_back(run.record);
  for (std::uint32_t page = 0; page < run.dirty_pages.size(); ++page) {
    if (run.dirty_pages[page]) {
      batch.pages.push_back(encode_page(run, page));
      run.dirty_pages[page] = false;
    }
  }
  for (; run.stored_blocks < run.blocks.size(); ++run.stored_blocks) {
    batch.inputs.push_back({.run = run.record.id,
                            .block = run.stored_blocks,
                            .inputs = run.blocks[run.stored_blocks].inputs});
  }
  run.is_dirty = false;
}

/// Outer nullopt: the map has no such key. Spelt out, since a mapped optional would be flattened.
template <typename Map, typename Key>
auto look_up(const Map& map, const Key& key) -> std::optional<typename Map::mapped_type> {
  const auto found = map.find(key);
  if (found == map.end()) {
    return std::optional<typename Map::mapped_type>();
  }
  return std::optional<typename Map::mapped_type>(std::in_place, found->second);
}

}  // namespace

void Pending::note(core::Event event) {
  const RunId run = core::run_of(event);
  if (events_.empty() || events_.back().run != run) {
    events_.push_back({.run = run, .events = {}});
  }
  std::visit(Filer{records_}, event);
  events_.back().events.push_back(std::move(event));
  ++event_count_;
}

store::Batch Pending::take(core::State& state, const store::Head& head) {
  store::Batch batch = std::exchange(records_, {});
  batch.number = head.batch + 1;
  batch.epoch = state.epoch;
  batch.next_id = state.next_id;
  batch.events = std::exchange(events_, {});
  event_count_ = 0;
  for (const RunId id : state.dirty_runs) {
    core::LiveRun* run = state.find_run(id);
    SHEAF_CHECK(run != nullptr, "a changed run left memory before it was encoded");
    encode_run(*run, batch);
  }
  state.dirty_runs.clear();
  return batch;
}

std::optional<std::optional<core::JobRecord>> Pending::job(JobId job) const {
  return look_up(records_.jobs, job);
}

std::optional<std::optional<core::DeploymentRecord>> Pending::deployment(
    const std::string& bundle, const std::string& target) const {
  const auto is_meant = [&](const auto& deployment) {
    return deployment.bundle == bundle && deployment.target == target;
  };
  for (const auto& [id, deployment] : records_.deployments) {
    if (is_meant(deployment)) {
      return std::optional<core::DeploymentRecord>(deployment);
    }
  }
  if (std::ranges::any_of(records_.removed_deployments, is_meant)) {
    return std::optional<std::optional<core::DeploymentRecord>>(std::in_place, std::nullopt);
  }
  return std::nullopt;
}

std::optional<std::string> Pending::settings(const std::string& digest) const {
  return look_up(records_.settings, digest);
}

std::optional<core::ReceiptRecord> Pending::receipt(const std::string& key) const {
  return look_up(records_.receipts, key);
}

bool Pending::has_deleted(RunId run) const {
  return records_.deleted_runs.contains(run);
}

std::optional<core::AlertRecord> Pending::alert(AlertId alert) const {
  return look_up(records_.alerts, alert);
}

}  // namespace sheaf::engine
