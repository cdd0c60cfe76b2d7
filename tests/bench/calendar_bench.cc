// Next fires of Quartz expressions, from usual to far away.
#include <benchmark/benchmark.h>

#include "common/base/check.h"
#include "common/calendar/next_fire.h"
#include "common/os/zones.h"

namespace sheaf::calendar {
namespace {

void next_fires(benchmark::State& bench, const char* text) {
  const auto expression = CronExpression::parse(text);
  const auto zone = os::load_zone("Europe/Berlin");
  SHEAF_CHECK(expression.has_value() && zone.has_value(), "the bench cannot read its input");
  constexpr std::chrono::sys_seconds kBegin{std::chrono::seconds{1'700'000'000}};
  constexpr std::chrono::sys_seconds kEnd = kBegin + std::chrono::years{50};
  std::chrono::sys_seconds at = kBegin;
  for ([[maybe_unused]] auto _ : bench) {
    const auto next = next_fire(*expression, *zone, DaylightSaving::kWallClock, at);
    SHEAF_CHECK(next.has_value(), "the bench expression always fires");
    at = *next < kEnd ? *next : kBegin;
  }
  bench.SetItemsProcessed(bench.iterations());
}
BENCHMARK_CAPTURE(next_fires, every_minute, "0 * * * * ?");
BENCHMARK_CAPTURE(next_fires, daily, "0 0 3 * * ?");
BENCHMARK_CAPTURE(next_fires, last_weekday_of_the_month, "0 0 3 LW * ?");

}  // namespace
}  // namespace sheaf::calendar
