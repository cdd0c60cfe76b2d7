#include "scheduler/core/usage.h"

#include <algorithm>
#include <iterator>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/planted.h"

namespace sheaf::core {
namespace {

/// Whoever starts a task with an environment will have it. The newest stand last.
void note_environment(LiveWorker& worker, std::uint64_t environment) {
  if (environment == 0 ||
      std::ranges::find(worker.environments, environment) != worker.environments.end()) {
    return;
  }
  if (worker.environments.size() >= limits::kMaxCachedEnvironments) {
    worker.environments.erase(worker.environments.begin());
  }
  worker.environments.push_back(environment);
}

}  // namespace

const ReadyShape& shape_of(const LiveRun& run, TaskIndex task) {
  return run.kind_of(task).shape;
}

bool is_waiting(const State& state, const TaskRef& what) {
  const LiveRun* run = state.find_run(what.run);
  return run != nullptr && run->record.state == RunState::kRunning &&
         what.task < run->record.task_count && run->tasks.state[what.task] == TaskState::kReady;
}

placement::WorkerCapacity capacity_of(const LiveWorker& worker) {
  const WorkerRecord& record = worker.record;
  placement::WorkerCapacity capacity{
      .worker = record.id,
      .slots = record.slots,
      .used = planted::has("core.stale_placement_accepted")
                  ? 0
                  : static_cast<std::uint32_t>(worker.attempts.size()),
      .cpu_millis = {.total = record.resources.cpu_millis, .used = worker.cpu_millis},
      .memory_bytes = {.total = record.resources.memory_bytes, .used = worker.memory_bytes},
      .gpus = static_cast<std::uint32_t>(record.resources.gpus.size()),
      .labels = record.labels,
      .environments = worker.environments};
  if (planted::has("core.gpu_shared")) {
    capacity.free_gpus = record.resources.gpus;
    return capacity;
  }
  std::ranges::set_difference(
      record.resources.gpus, worker.gpus, std::back_inserter(capacity.free_gpus));
  return capacity;
}

std::optional<std::uint32_t> find_pool_room(const State& state, const std::string& pool) {
  const auto found = state.pools.find(pool);
  if (pool.empty() || found == state.pools.end()) {
    return std::nullopt;
  }
  const auto usage = state.pool_usage.find(pool);
  const bool is_unused = usage == state.pool_usage.end() || planted::has("core.pool_not_counted");
  const std::uint32_t used = is_unused ? 0 : usage->second;
  return found->second.limit > used ? found->second.limit - used : 0;
}

std::vector<std::uint32_t> gpus_of(const LiveRun& run, TaskIndex task) {
  const auto details = run.details.find(task);
  return details == run.details.end() ? std::vector<std::uint32_t>{} : details->second.gpus;
}

void occupy(State& state, LiveWorker& worker, const LiveRun& run, TaskIndex task) {
  const ReadyShape& shape = shape_of(run, task);
  worker.cpu_millis += shape.resources.cpu_millis;
  worker.memory_bytes += shape.resources.memory_bytes;
  for (const std::uint32_t device : gpus_of(run, task)) {
    worker.gpus.insert(device);
  }
  note_environment(worker, shape.environment);
  if (!shape.pool.empty()) {
    ++state.pool_usage[shape.pool];
  }
}

void vacate(State& state, LiveWorker& worker, const LiveRun& run, TaskIndex task) {
  const ReadyShape& shape = shape_of(run, task);
  worker.cpu_millis -= shape.resources.cpu_millis;
  worker.memory_bytes -= shape.resources.memory_bytes;
  for (const std::uint32_t device : gpus_of(run, task)) {
    worker.gpus.erase(device);
  }
  const auto usage = state.pool_usage.find(shape.pool);
  if (usage != state.pool_usage.end() && --usage->second == 0) {
    state.pool_usage.erase(usage);
  }
}

void check_usage(const State& state) {
  std::map<WorkerId, LiveWorker> expected;
  State counted;
  std::set<TaskRef> waiting;
  for (const auto& [id, run] : state.runs) {
    for (TaskIndex task = 0; task < run->record.task_count; ++task) {
      if (is_active(run->tasks.state[task])) {
        occupy(counted, expected[run->tasks.worker[task]], *run, task);
      } else {
        SHEAF_CHECK(gpus_of(*run, task).empty(), "a task without an attempt holds devices");
      }
      if (is_waiting(state, {id, task})) {
        waiting.insert({id, task});
      }
    }
  }
  for (const auto& [id, worker] : state.workers) {
    const LiveWorker& other = expected[id];
    SHEAF_CHECK(worker.cpu_millis == other.cpu_millis, "a worker's cores are miscounted");
    SHEAF_CHECK(worker.memory_bytes == other.memory_bytes, "a worker's memory is miscounted");
    SHEAF_CHECK(worker.gpus == other.gpus, "a worker's devices are miscounted");
  }
  SHEAF_CHECK(state.pool_usage == counted.pool_usage, "a pool is miscounted");
  for (const auto& [shape, group] : state.ready.groups()) {
    SHEAF_CHECK(!group.entries.empty(), "the ready queue keeps an empty group");
    for (const ReadyQueue::Entry& entry : group.entries) {
      waiting.erase(entry.task);
    }
  }
  SHEAF_CHECK(waiting.empty(), "a ready task is not in the queue");
}

}  // namespace sheaf::core
