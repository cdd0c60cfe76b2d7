#include "scheduler/core/explain_placement.h"

#include <algorithm>
#include <utility>

#include "scheduler/core/core.h"
#include "scheduler/core/explain.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

constexpr std::size_t kMaxCountedTasks = 10'000;
constexpr std::size_t kMaxCountedShapes = 64;
constexpr std::size_t kMaxListedWorkers = 5;

std::string tasks_text(std::int64_t count) {
  return count == 1 ? "1 task" : std::to_string(count) + " tasks";
}

std::optional<Reason> pool_reason(const State& state, const std::string& pool) {
  auto obstacle = pool_obstacle(state, pool);
  if (!obstacle) {
    return std::nullopt;
  }
  const std::uint32_t limit = state.pools.at(pool).limit;
  const auto usage = state.pool_usage.find(pool);
  obstacle->front() = 'P';
  return Reason{.code = limit == 0 ? ReasonCode::kPoolPaused : ReasonCode::kPoolFull,
                .message = *std::move(obstacle) + ".",
                .pool = pool,
                .used = usage == state.pool_usage.end() ? 0 : usage->second,
                .limit = limit};
}

/// What of the request the worker, though it has it, cannot give now.
std::string lacking_text(const placement::WorkerCapacity& worker,
                         const model::ResourceRequest& request) {
  std::string text;
  const auto add = [&text](const char* what) {
    text += (text.empty() ? "" : ", ") + std::string(what);
  };
  if (!worker.cpu_millis.has(request.cpu_millis)) {
    add("cpu");
  }
  if (!worker.memory_bytes.has(request.memory_bytes)) {
    add("memory");
  }
  if (std::cmp_greater(request.gpus, worker.free_gpus.size())) {
    add("gpus");
  }
  return text;
}

Reason suspect_reason(const std::string& worker) {
  return {.code = ReasonCode::kWorkerSuspect,
          .message =
              "Worker " + worker + " could hold it, but gets nothing until it is heard of again.",
          .worker = worker};
}

/// When the task joined its group; nothing where that is too long to look through.
std::optional<std::uint64_t> find_age(const ReadyQueue::Group& group, TaskRef what) {
  std::size_t left = kMaxCountedTasks;
  for (const ReadyQueue::Entry& entry : group.entries) {
    if (entry.task == what) {
      return entry.age;
    }
    if (left-- == 0) {
      break;
    }
  }
  return std::nullopt;
}

}  // namespace

PlacementReasons::PlacementReasons(const State& state) : state_(state) {
  for (const auto& [id, worker] : state.workers) {
    workers_.push_back({.capacity = capacity_of(worker), .live = &worker});
  }
}

std::vector<Reason> PlacementReasons::find(const LiveRun& run, TaskIndex task) const {
  const ReadyShape& shape = shape_of(run, task);
  std::vector<Reason> reasons;
  if (auto pool = pool_reason(state_, shape.pool)) {
    reasons.push_back(*std::move(pool));
  }
  if (const auto obstacle = unmeetable(state_, shape.resources)) {
    std::string message = *obstacle + ".";
    message.front() = 'N';
    reasons.push_back({.code = state_.workers.empty() ? ReasonCode::kNoWorkerRegistered
                                                      : ReasonCode::kNoWorkerFits,
                       .message = std::move(message)});
    return reasons;
  }
  const Ahead ahead = count_ahead(shape, {run.record.id, task});
  add_workers(shape, ahead, reasons);
  if (ahead.of_greater_priority > 0) {
    reasons.push_back(
        {.code = ReasonCode::kBehindHigherPriority,
         .message = tasks_text(ahead.of_greater_priority) +
                    " of jobs with a greater priority wait too, and come first.",
         .position = ahead.is_exact ? std::optional(ahead.count() + 1) : std::nullopt});
  }
  if (reasons.empty()) {
    reasons.push_back({.code = ReasonCode::kDue,
                       .message = "Nothing holds it up: it is being given to a worker."});
  }
  return reasons;
}

void PlacementReasons::add_workers(const ReadyShape& shape,
                                   const Ahead& ahead,
                                   std::vector<Reason>& reasons) const {
  std::vector<Reason> suspects;
  std::vector<Reason> busy;
  std::int64_t used = 0;
  std::int64_t slots = 0;
  bool has_free_place = false;
  for (const Worker& worker : workers_) {
    const std::string& name = worker.live->record.name;
    if (!placement::could_hold(worker.capacity, shape.resources)) {
      continue;
    }
    if (worker.live->suspect) {
      suspects.push_back(suspect_reason(name));
      continue;
    }
    used += worker.capacity.used;
    slots += worker.capacity.slots;
    if (placement::has_room(worker.capacity, shape.resources)) {
      has_free_place = true;
    } else if (worker.capacity.used < worker.capacity.slots) {
      busy.push_back({.code = ReasonCode::kWorkerBusy,
                      .message = "Worker " + name + " has a free slot, but other tasks use its " +
                                 lacking_text(worker.capacity, shape.resources) + ".",
                      .worker = name});
    }
  }
  const auto add = [&reasons](std::vector<Reason>& list) {
    for (std::size_t i = 0; i < std::min(list.size(), kMaxListedWorkers); ++i) {
      reasons.push_back(std::move(list[i]));
    }
  };
  if (has_free_place ? ahead.older > 0 : busy.empty() && slots > 0) {
    reasons.push_back({.code = ReasonCode::kWaitingForSlot,
                       .message = has_free_place
                                      ? tasks_text(ahead.older) + " that waited longer come first."
                                      : "All slots of the workers that could hold it are in use (" +
                                            std::to_string(used) + " of " + std::to_string(slots) +
                                            "), and " + tasks_text(ahead.count()) + " come first.",
                       .position = ahead.is_exact ? std::optional(ahead.count() + 1) : std::nullopt,
                       .used = used,
                       .limit = slots});
  }
  if (!has_free_place) {
    add(busy);
    add(suspects);
  }
}

/// Whether tasks of the shape compete: others wait, but take nobody's place.
bool PlacementReasons::can_be_placed(const ReadyShape& shape) const {
  return find_pool_room(state_, shape.pool) != 0U &&
         std::ranges::any_of(workers_, [&shape](const Worker& worker) {
           return !worker.live->suspect && placement::could_hold(worker.capacity, shape.resources);
         });
}

PlacementReasons::Ahead PlacementReasons::count_ahead(const ReadyShape& shape, TaskRef what) const {
  Ahead ahead;
  const auto& groups = state_.ready.groups();
  const auto own = groups.find(shape);
  const auto age = own == groups.end() ? std::nullopt : find_age(own->second, what);
  std::size_t left = kMaxCountedTasks;
  std::size_t shapes = 0;
  ahead.is_exact = age.has_value();
  for (const auto& [other, group] : groups) {
    if (other.priority < shape.priority) {
      break;
    }
    if (++shapes > kMaxCountedShapes) {
      ahead.is_exact = false;
      break;
    }
    if (!can_be_placed(other)) {
      continue;
    }
    const bool is_greater = other.priority > shape.priority;
    for (const ReadyQueue::Entry& entry : group.entries) {
      if (!is_greater && age && entry.age >= *age) {
        break;
      }
      if (left-- == 0) {
        ahead.is_exact = false;
        return ahead;
      }
      if (is_waiting(state_, entry.task)) {
        ++(is_greater ? ahead.of_greater_priority : ahead.older);
      }
    }
  }
  return ahead;
}

}  // namespace sheaf::core
