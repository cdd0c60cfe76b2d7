#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/base/planted.h"
#include "scheduler/core/core.h"
#include "scheduler/core/state_writer.h"

namespace sheaf::core {
namespace {

/// Grows with every run and repair that is queued: both draw it from the counter of ids, which no
/// clock turns back.
std::int64_t place_in_queue(const RunRecord& run) {
  const bool knows_repairs = !planted::has("core.repair_loses_its_place");
  return run.repairs.empty() || !knows_repairs ? run.id.value : run.repairs.back().id;
}

}  // namespace

State restore(StoredState stored) {
  State state;
  state.epoch = stored.epoch;
  state.next_id = stored.next_id;
  for (WorkerRecord& worker : stored.workers) {
    state.workers_by_name[worker.name] = worker.id;
    LiveWorker& live = state.workers[worker.id];
    // Until it registers again nothing is placed on it.
    live.suspect = true;
    live.environments.assign(worker.cached_environments.rbegin(),
                             worker.cached_environments.rend());
    live.record = std::move(worker);
  }
  for (const ScheduleRecord& schedule : stored.schedules) {
    state.schedules[schedule.id] = schedule;
  }
  for (PoolRecord& pool : stored.pools) {
    state.pools[pool.name] = std::move(pool);
  }
  StateWriter writer(state);
  for (StoredRun& run : stored.runs) {
    writer.add_stored(std::move(run));
  }
  for (auto& [job, activity] : state.jobs) {
    const auto limit = stored.max_concurrent_runs.find(job);
    activity.max_concurrent_runs =
        limit == stored.max_concurrent_runs.end() ? kMaxConcurrentRunsOfGoneJobs : limit->second;
    std::ranges::sort(activity.queued, {}, [&state](RunId run) {
      return place_in_queue(state.find_run(run)->record);
    });
    writer.refresh_startable(job);
  }
  return state;
}

StoredRun to_stored(const LiveRun& run) {
  StoredRun stored{.record = run.record, .settings = run.settings};
  stored.rows.reserve(run.record.task_count);
  for (TaskIndex task = 0; task < run.record.task_count; ++task) {
    stored.rows.push_back(run.tasks.row(task));
  }
  for (const auto& [task, details] : run.details) {
    if (!details.is_empty()) {
      stored.details.emplace(task, details);
    }
  }
  for (const LiveBlock& block : run.blocks) {
    stored.inputs.push_back(block.inputs);
  }
  return stored;
}

Result<void> check_stored(const StoredRun& stored) {
  const RunRecord& record = stored.record;
  const bool has_settings =
      stored.settings != nullptr && stored.settings->tasks.size() == record.graph_size;
  const bool has_inputs = stored.inputs.empty() || stored.inputs.size() == record.blocks.size();
  if (has_settings && has_inputs && stored.rows.size() == record.task_count) {
    return {};
  }
  return fail(ErrorCode::kCorrupt,
              "run " + to_string(record.id) + " is stored with other " +
                  (!has_settings ? "settings"
                   : has_inputs  ? "rows"
                                 : "inputs") +
                  " than its record says");
}

LiveRun from_stored(StoredRun stored) {
  const auto checked = check_stored(stored);
  SHEAF_CHECK(checked.has_value(), checked ? "" : checked.error().message);
  LiveRun run;
  run.record = std::move(stored.record);
  run.settings = std::move(stored.settings);
  run.details = std::move(stored.details);
  run.compile();
  run.tasks.resize(run.record.task_count);
  for (TaskIndex task = 0; task < stored.rows.size(); ++task) {
    run.tasks.set_row(task, stored.rows[task]);
  }
  run.blocks.resize(run.record.blocks.size());
  for (std::size_t block = 0; block < stored.inputs.size(); ++block) {
    run.blocks[block].inputs = std::move(stored.inputs[block]);
  }
  run.stored_blocks = static_cast<std::uint32_t>(run.blocks.size());
  return run;
}

}  // namespace sheaf::core
