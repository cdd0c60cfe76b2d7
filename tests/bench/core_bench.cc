// The core alone: tasks a second through decide, apply and place, without store, threads or I/O.
#include <benchmark/benchmark.h>

#include "common/base/check.h"
#include "scheduler/core/core.h"
#include "tests/bench/core_turn.h"
#include "tests/support/builders.h"

namespace sheaf {
namespace {

/// Layers of 100; each task waits for two of the layer before.
core::SettingsPointer layered_job(std::int64_t tasks) {
  constexpr std::int64_t kLayer = 100;
  tests::JobBuilder job = tests::a_job("layered");
  for (std::int64_t i = 0; i < tasks; ++i) {
    tests::TaskBuilder task = tests::a_task("t" + std::to_string(i));
    if (i >= kLayer) {
      task.after("t" + std::to_string(i - kLayer));
      task.after("t" + std::to_string(i - kLayer + ((i + 1) % kLayer == 0 ? 1 - kLayer : 1)));
    }
    job.task(task);
  }
  return std::make_shared<const model::JobSettings>(job.build());
}

void run_job(benchmark::State& bench, const core::SettingsPointer& settings) {
  std::int64_t events = 0;
  for ([[maybe_unused]] auto _ : bench) {
    bench::CoreTurn core(settings);
    core.submit();
    while (core.finish_all()) {
    }
    events += core.events();
  }
  const auto tasks = static_cast<std::int64_t>(settings->tasks.size());
  bench.SetItemsProcessed(bench.iterations() * tasks);
  bench.counters["events/s"] =
      benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

void wide(benchmark::State& bench) {
  run_job(bench, bench::wide_job(bench.range(0)));
}
BENCHMARK(wide)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void layered(benchmark::State& bench) {
  run_job(bench, layered_job(bench.range(0)));
}
BENCHMARK(layered)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

void recover(benchmark::State& bench) {
  const core::SettingsPointer settings = layered_job(bench.range(0));
  core::StoredRun run{.record = {.id = {2},
                                 .job = {1},
                                 .state = core::RunState::kRunning,
                                 .first_attempt = {3},
                                 .graph_size = static_cast<std::uint32_t>(bench.range(0)),
                                 .task_count = static_cast<std::uint32_t>(bench.range(0))},
                      .settings = settings};
  run.rows.resize(static_cast<std::size_t>(bench.range(0)));
  for ([[maybe_unused]] auto _ : bench) {
    core::StoredState stored{.runs = {run}};
    benchmark::DoNotOptimize(core::restore(std::move(stored)));
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
}
BENCHMARK(recover)->Arg(1'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sheaf
