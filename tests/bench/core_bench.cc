// The core alone: tasks a second through decide, apply and place, without store, threads or I/O.
#include <benchmark/benchmark.h>

#include "common/base/check.h"
#include "scheduler/core/core.h"
#include "tests/support/builders.h"

namespace sheaf {
namespace {

constexpr std::uint32_t kSlots = 64;

core::SettingsPointer wide_job(std::int64_t tasks) {
  tests::JobBuilder job = tests::a_job("wide");
  for (std::int64_t i = 0; i < tasks; ++i) {
    job.task(tests::a_task("t" + std::to_string(i)));
  }
  return std::make_shared<const model::JobSettings>(job.build());
}

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

/// The engine's turn in memory: what is decided is applied, nothing is stored.
class Core {
 public:
  explicit Core(core::SettingsPointer settings) {
    facts_.job = core::JobRecord{.id = {1}, .name = settings->name};
    facts_.job_settings = std::move(settings);
    state_.next_id = 2;
    step(core::RegisterWorker{.name = "w", .boot_id = "b", .slots = kSlots});
  }

  void submit() {
    step(core::SubmitRun{.job = {1}});
    end_turn();
  }

  /// Reports every attempt that was started as succeeded. False when nothing was under way.
  bool finish_all() {
    auto effects = std::exchange(effects_, {});
    for (const core::Effect& effect : effects) {
      const auto& start = std::get<core::StartAttempt>(effect);
      step(core::ReportStarted{.worker = start.worker,
                               .attempt = start.spec.attempt,
                               .fence = start.spec.fence,
                               .started = now_});
      step(core::ReportResult{.worker = start.worker,
                              .attempt = start.spec.attempt,
                              .fence = start.spec.fence,
                              .outcome = {.end = model::AttemptEnd::kExited,
                                          .tree_empty = true,
                                          .started = now_,
                                          .ended = now_}});
    }
    end_turn();
    return !effects.empty();
  }

  [[nodiscard]] std::int64_t events() const { return events_; }

 private:
  void step(const core::Command& command) {
    auto decided = core::decide(state_, facts_, command, now_, batch_);
    SHEAF_CHECK(decided.has_value(), "a bench command was refused");
    for (const core::Event& event : decided->events) {
      core::apply(state_, event);
    }
    events_ += static_cast<std::int64_t>(decided->events.size());
    std::ranges::move(decided->effects, std::back_inserter(effects_));
  }

  void end_turn() {
    while (!state_.unsettled.is_empty()) {
      for (const core::Command& command : core::take_follow_ups(state_)) {
        step(command);
      }
    }
    step(core::propose_leases(state_));
    for (const RunId run : std::exchange(state_.dirty_runs, {})) {
      core::LiveRun& live = *state_.find_run(run);
      live.is_dirty = false;
      live.dirty_pages.assign(live.dirty_pages.size(), false);
    }
    core::retire_finished(state_);
    ++batch_;
  }

  core::State state_;
  core::Facts facts_;
  std::vector<core::Effect> effects_;
  Timestamp now_ = from_epoch_ms(1'700'000'000'000);
  std::uint64_t batch_ = 1;
  std::int64_t events_ = 0;
};

void run_job(benchmark::State& bench, const core::SettingsPointer& settings) {
  std::int64_t events = 0;
  for ([[maybe_unused]] auto _ : bench) {
    Core core(settings);
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
  run_job(bench, wide_job(bench.range(0)));
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
