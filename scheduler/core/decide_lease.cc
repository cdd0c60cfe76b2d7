// The judgement of proposed placements: what State of this moment does not allow is left out.
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "scheduler/core/decide.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

/// Room that is left while the leases of one command are judged.
class LeaseJudge {
 public:
  explicit LeaseJudge(const State& state) : state_(state) {}

  /// Takes the lease's room, or says that it cannot be granted.
  bool grants(const LeaseTasks::Lease& lease) {
    const TaskRef what{lease.run, lease.task};
    placement::WorkerCapacity* const worker = find_worker(lease.worker);
    if (worker == nullptr || !is_waiting(state_, what) || chosen_.contains(what)) {
      return false;
    }
    const model::TaskSettings& settings = state_.find_run(lease.run)->task_settings(lease.task);
    std::optional<std::uint32_t>& pool = room_in(settings.pool);
    if (pool == 0 || !placement::can_give(*worker, settings.resources, lease.gpus)) {
      return false;
    }
    placement::take(*worker, settings.resources, lease.gpus);
    if (pool) {
      --*pool;
    }
    chosen_.insert(what);
    return true;
  }

 private:
  placement::WorkerCapacity* find_worker(WorkerId id) {
    const auto known = workers_.find(id);
    if (known != workers_.end()) {
      return &known->second;
    }
    const auto live = state_.workers.find(id);
    if (live == state_.workers.end() || live->second.suspect) {
      return nullptr;
    }
    return &workers_.emplace(id, capacity_of(live->second)).first->second;
  }

  std::optional<std::uint32_t>& room_in(const std::string& pool) {
    const auto known = pools_.find(pool);
    return known != pools_.end() ? known->second
                                 : pools_.emplace(pool, find_pool_room(state_, pool)).first->second;
  }

  const State& state_;
  std::map<WorkerId, placement::WorkerCapacity> workers_;
  std::map<std::string, std::optional<std::uint32_t>> pools_;
  std::set<TaskRef> chosen_;
};

/// What the processes of streams get beside the iterations that hold their attempts; each row once.
class ChunkTaker {
 public:
  std::vector<TaskRange> take(const LiveRun& run, TaskIndex task) {
    if (!is_stream(run, task)) {
      return {};
    }
    const std::uint32_t block = run.block_of(task);
    const auto place =
        waiting_.try_emplace(BlockRef{.run = run.record.id, .block = block}, run, block).first;
    return take_chunk(run, task, place->second);
  }

 private:
  std::map<BlockRef, WaitingRows> waiting_;
};

/// Events and effects of granted leases of one command, grouped by run.
void record_leases(Draft& draft, std::map<RunId, std::vector<TasksLeased::Lease>> leases) {
  for (auto& [id, leased] : leases) {
    const LiveRun& run = *draft.state.find_run(id);
    for (const TasksLeased::Lease& lease : leased) {
      auto spec = build_attempt_spec(run,
                                     lease.task,
                                     {.attempt = lease.attempt,
                                      .number = run.tasks.attempt_number[lease.task],
                                      .fence = draft.batch,
                                      .gpus = lease.gpus,
                                      .others = lease.others});
      SHEAF_CHECK(spec.has_value(), "a ready task's references do not resolve");
      draft.order(StartAttempt{.worker = lease.worker, .spec = std::move(*spec)});
    }
    draft.record(TasksLeased{.run = id, .fence = draft.batch, .leases = std::move(leased)});
  }
}

}  // namespace

Decision decide_lease(Draft draft, const LeaseTasks& command) {
  LeaseJudge judge(draft.state);
  ChunkTaker chunks;
  std::map<RunId, std::vector<TasksLeased::Lease>> leases;
  for (const LeaseTasks::Lease& lease : command.leases) {
    if (judge.grants(lease)) {
      const LiveRun& run = *draft.state.find_run(lease.run);
      leases[lease.run].push_back({.task = lease.task,
                                   .worker = lease.worker,
                                   .attempt = run.tasks.attempt[lease.task],
                                   .gpus = lease.gpus,
                                   .others = chunks.take(run, lease.task)});
    }
  }
  draft.step.effects.reserve(command.leases.size());
  record_leases(draft, std::move(leases));
  return std::move(draft.step);
}

}  // namespace sheaf::core
