// Placement alone: plans for many ready tasks over many workers.
#include <benchmark/benchmark.h>

#include "scheduler/placement/placement.h"

namespace sheaf::placement {
namespace {

void plan_all(benchmark::State& bench) {
  ClusterView view;
  for (std::int64_t worker = 0; worker < bench.range(0); ++worker) {
    view.workers.push_back({.worker = WorkerId{worker + 1},
                            .slots = 16,
                            .used = static_cast<std::uint32_t>(worker % 4)});
  }
  const std::size_t tasks = view.free_slots();
  for ([[maybe_unused]] auto _ : bench) {
    benchmark::DoNotOptimize(plan(view, tasks));
  }
  bench.SetItemsProcessed(bench.iterations() * static_cast<std::int64_t>(tasks));
}
BENCHMARK(plan_all)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace sheaf::placement
