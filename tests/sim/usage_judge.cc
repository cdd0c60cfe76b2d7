#include "tests/sim/usage_judge.h"

#include <algorithm>
#include <variant>

#include "tests/sim/violation.h"

namespace sheaf::sim {

/// Events without an overload move nothing on or off a worker.
class UsageJudge::Reader {
 public:
  explicit Reader(UsageJudge& judge) : judge_(judge) {}

  void operator()(const core::WorkerRecorded& event) {
    judge_.workers_[event.worker.id] = event.worker;
  }
  void operator()(const core::PoolRecorded& event) {
    judge_.pools_[event.pool.name] = event.pool.limit;
  }
  void operator()(const core::PoolRemoved& event) { judge_.pools_.erase(event.name); }
  void operator()(const core::TasksLeased& event) {
    for (const auto& given : event.leases) {
      judge_.lease(event, given);
    }
  }
  void operator()(const core::TaskReturned& event) { judge_.release(event.run, event.task); }
  void operator()(const core::StreamEnded& event) { judge_.release(event.run, event.holder); }
  void operator()(const core::AttemptFinished& event) {
    // What one iteration of a stream tells ends no process.
    if (!judge_.runs_.at(event.run).is_stream(event.task)) {
      judge_.held_.erase(event.attempt.id);
    }
  }
  template <typename Other>
  void operator()(const Other& /*event*/) {}

 private:
  UsageJudge& judge_;
};

void UsageJudge::take(const core::Event& event) {
  std::visit(Reader(*this), event);
}

void UsageJudge::lease(const core::TasksLeased& event, const core::TasksLeased::Lease& lease) {
  const RunFact& run = runs_.at(event.run);
  const Held held{.run = event.run,
                  .task = lease.task,
                  .worker = lease.worker,
                  .owner = run.settings,
                  .settings = &run.settings_of(lease.task),
                  .gpus = lease.gpus};
  check_devices(held, lease.attempt);
  held_[lease.attempt] = held;
  placed_.push_back({.run = event.run, .task = lease.task});
  const core::WorkerRecord& worker = workers_.at(lease.worker);
  for (const std::string& label : held.settings->resources.labels) {
    if (std::ranges::count(worker.labels, label) == 0) {
      violate("labels", "attempt " + to_string(lease.attempt) + " needs a worker with " + label);
    }
  }
  check_worker(worker);
  check_pool(held.settings->pool);
}

void UsageJudge::release(RunId run, core::TaskIndex task) {
  std::erase_if(held_, [&](const auto& entry) {
    return entry.second.run == run && entry.second.task == task;
  });
}

void UsageJudge::check_worker(const core::WorkerRecord& worker) const {
  std::int64_t cpu_millis = 0;
  std::int64_t memory_bytes = 0;
  std::uint32_t attempts = 0;
  for (const auto& [attempt, held] : held_) {
    if (held.worker == worker.id) {
      ++attempts;
      cpu_millis += held.settings->resources.cpu_millis;
      memory_bytes += held.settings->resources.memory_bytes;
    }
  }
  if (attempts > worker.slots || cpu_millis > worker.resources.cpu_millis ||
      memory_bytes > worker.resources.memory_bytes) {
    violate("resources", "worker " + worker.name + " got more than it has");
  }
}

void UsageJudge::check_devices(const Held& held, AttemptId attempt) const {
  const std::string name = "attempt " + to_string(attempt);
  if (held.gpus.size() != static_cast<std::size_t>(held.settings->resources.gpus)) {
    violate("gpus", name + " got another number of devices than it asked for");
  }
  const auto& devices = workers_.at(held.worker).resources.gpus;
  for (const std::uint32_t gpu : held.gpus) {
    if (std::ranges::count(devices, gpu) == 0 || std::ranges::count(held.gpus, gpu) != 1) {
      violate("gpus", name + " got a device that its worker does not have");
    }
    for (const auto& [other, theirs] : held_) {
      if (theirs.worker == held.worker && std::ranges::count(theirs.gpus, gpu) > 0) {
        violate("gpus", name + " shares a device with attempt " + to_string(other));
      }
    }
  }
}

void UsageJudge::check_pool(const std::string& pool) const {
  const auto limit = pools_.find(pool);
  if (pool.empty() || limit == pools_.end()) {
    return;
  }
  const auto used = std::ranges::count_if(
      held_, [&pool](const auto& entry) { return entry.second.settings->pool == pool; });
  if (used > static_cast<std::int64_t>(limit->second)) {
    violate("pools", "the pool " + pool + " has too many attempts");
  }
}

void UsageJudge::end_batch() {
  if (!placed_.empty()) {
    check_priorities();
  }
  placed_.clear();
}

/// What waits and could have gone where a task of less priority went.
void UsageJudge::check_priorities() const {
  for (const auto& [id, run] : runs_) {
    if (run.is_over || run.is_stopping) {
      continue;
    }
    for (core::TaskIndex task = 0; task < run.tasks.size(); ++task) {
      if (!run.tasks[task].is_ready) {
        continue;
      }
      const model::TaskSettings& waiting = run.settings_of(task);
      for (const Placed& place : placed_) {
        const RunFact& other = runs_.at(place.run);
        const model::TaskSettings& taken = other.settings_of(place.task);
        if (other.settings->priority < run.settings->priority &&
            waiting.resources == taken.resources && waiting.pool == taken.pool) {
          violate("priority",
                  "task " + std::to_string(place.task) + " of run " + to_string(place.run) +
                      " was placed before task " + std::to_string(task) + " of run " +
                      to_string(id));
        }
      }
    }
  }
}

}  // namespace sheaf::sim
