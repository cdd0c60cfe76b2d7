// What State looks like to the planner, and the planner's answer as a command.
#include <algorithm>
#include <map>

#include "scheduler/core/core.h"
#include "scheduler/core/usage.h"

namespace sheaf::core {
namespace {

/// The planner's input, and which task each ready one is.
struct Input {
  placement::ClusterView view;
  std::vector<placement::TaskShape> shapes;
  std::vector<placement::ReadyTask> ready;
  std::vector<TaskRef> tasks;
};

/// A ready task on its way into the order of placement.
struct Candidate {
  int priority = 0;
  std::uint64_t age = 0;
  std::uint32_t shape = 0;
  TaskRef task;

  [[nodiscard]] bool is_before(const Candidate& other) const {
    return priority != other.priority ? priority > other.priority : age < other.age;
  }
};

class InputMaker {
 public:
  explicit InputMaker(const State& state) : state_(state) {
    input_.view = cluster_view(state);
    limit_ = input_.view.free_slots();
  }

  Input make() {
    if (limit_ == 0) {
      return std::move(input_);
    }
    for (const auto& [shape, group] : state_.ready.groups()) {
      add(shape, group);
    }
    std::ranges::sort(candidates_,
                      [](const Candidate& a, const Candidate& b) { return a.is_before(b); });
    for (const Candidate& candidate : candidates_) {
      input_.ready.push_back({.shape = candidate.shape});
      input_.tasks.push_back(candidate.task);
    }
    return std::move(input_);
  }

 private:
  void add(const ReadyShape& shape, const ReadyQueue::Group& group) {
    std::size_t wanted = limit_;
    placement::TaskShape seen{.resources = shape.resources,
                              .environment = shape.environment,
                              .waited = state_.ready.waited(group)};
    if (const auto room = find_pool_room(state_, shape.pool)) {
      seen.pool = pool_index(shape.pool, *room);
      wanted = std::min<std::size_t>(wanted, *room);
    }
    const auto index = static_cast<std::uint32_t>(input_.shapes.size());
    for (auto entry = group.entries.begin(); entry != group.entries.end() && wanted > 0; ++entry) {
      if (is_waiting(state_, entry->task)) {
        candidates_.push_back(
            {.priority = shape.priority, .age = entry->age, .shape = index, .task = entry->task});
        --wanted;
      }
    }
    input_.shapes.push_back(std::move(seen));
  }

  std::uint32_t pool_index(const std::string& pool, std::uint32_t room) {
    const auto [place, is_new] =
        pools_.emplace(pool, static_cast<std::uint32_t>(input_.view.pools.size()));
    if (is_new) {
      input_.view.pools.push_back(room);
    }
    return place->second;
  }

  const State& state_;
  Input input_;
  std::size_t limit_ = 0;
  std::vector<Candidate> candidates_;
  std::map<std::string, std::uint32_t> pools_;
};

}  // namespace

placement::ClusterView cluster_view(const State& state) {
  placement::ClusterView view;
  for (const auto& [id, worker] : state.workers) {
    if (!worker.suspect) {
      view.workers.push_back(capacity_of(worker));
    }
  }
  return view;
}

std::vector<TaskRef> ready_tasks(const State& state) {
  return InputMaker(state).make().tasks;
}

LeaseTasks propose_leases(const State& state, placement::Policy policy) {
  LeaseTasks command;
  if (state.ready.groups().empty()) {
    return command;
  }
  const Input input = InputMaker(state).make();
  for (placement::Placement& place :
       placement::plan(input.view, input.shapes, input.ready, policy)) {
    const TaskRef& what = input.tasks[place.task];
    command.leases.push_back({.run = what.run,
                              .task = what.task,
                              .worker = place.worker,
                              .gpus = std::move(place.gpus)});
  }
  return command;
}

}  // namespace sheaf::core
