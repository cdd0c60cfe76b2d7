// Placement alone: plans for many ready tasks over many workers.
#include <benchmark/benchmark.h>

#include "scheduler/placement/placement.h"

namespace sheaf::placement {
namespace {

ClusterView a_cluster(std::int64_t workers, std::uint32_t slots) {
  ClusterView view;
  for (std::int64_t worker = 0; worker < workers; ++worker) {
    WorkerCapacity capacity{.worker = WorkerId{worker + 1},
                            .slots = slots,
                            .used = static_cast<std::uint32_t>(worker % 4)};
    capacity.cpu_millis = {.total = std::int64_t{slots} * 1'000,
                           .used = std::int64_t{capacity.used} * 1'000};
    capacity.memory_bytes = {.total = std::int64_t{slots} << 32};
    capacity.gpus = 4;
    capacity.free_gpus = {0, 1, 2, 3};
    view.workers.push_back(std::move(capacity));
  }
  return view;
}

/// As many shapes as asked for, every one of which fits every idle worker.
std::vector<TaskShape> shapes(std::size_t count) {
  std::vector<TaskShape> all(count);
  for (std::size_t shape = 0; shape < count; ++shape) {
    all[shape].resources.cpu_millis = static_cast<std::int64_t>(shape % 8) * 250;
    all[shape].resources.gpus = shape % 10 == 9 ? 1 : 0;
    all[shape].environment = shape;
  }
  return all;
}

void run_plans(benchmark::State& bench,
               const ClusterView& view,
               std::size_t tasks,
               std::size_t shape_count) {
  const std::vector<TaskShape> kinds = shapes(shape_count);
  std::vector<ReadyTask> ready(tasks);
  for (std::size_t task = 0; task < tasks; ++task) {
    ready[task].shape = static_cast<std::uint32_t>(task % shape_count);
  }
  std::size_t placed = 0;
  for ([[maybe_unused]] auto _ : bench) {
    placed += plan(view, kinds, ready).size();
  }
  bench.SetItemsProcessed(static_cast<std::int64_t>(placed));
}

/// Plain tasks, as many as there are free slots: workers.
void plan_all(benchmark::State& bench) {
  const ClusterView view = a_cluster(bench.range(0), 16);
  run_plans(bench, view, view.free_slots(), 1);
}
BENCHMARK(plan_all)->Arg(1)->Arg(100)->Arg(10'000);

/// 10,000 ready tasks for 100 workers of 100 slots: shapes.
void plan_ten_thousand(benchmark::State& bench) {
  run_plans(bench, a_cluster(100, 100), 10'000, static_cast<std::size_t>(bench.range(0)));
}
BENCHMARK(plan_ten_thousand)->Arg(1)->Arg(10)->Arg(100);

/// One slot comes free while 10,000 tasks wait, as in a cluster that is always full: shapes.
void plan_one_slot(benchmark::State& bench) {
  ClusterView view = a_cluster(100, 100);
  for (WorkerCapacity& worker : view.workers) {
    worker.used = worker.slots;
  }
  --view.workers.back().used;
  run_plans(bench, view, 10'000, static_cast<std::size_t>(bench.range(0)));
}
BENCHMARK(plan_one_slot)->Arg(1)->Arg(100);

}  // namespace
}  // namespace sheaf::placement
