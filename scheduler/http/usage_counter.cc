#include "scheduler/http/usage_counter.h"

#include "scheduler/http/views_iterations.h"

namespace sheaf::http {
namespace {

Result<AttemptCounts> count_attempts(Context& context, const store::Reader& reader, RunId id) {
  const auto run = reader.run(id);
  if (!run || !*run) {
    return run ? fail(ErrorCode::kCorrupt, "a run without its rows") : fail(run.error());
  }
  const auto settings = context.settings(reader, (*run)->record.settings_digest);
  if (!settings) {
    return fail(settings.error());
  }
  const auto& tasks = (*settings)->compiled.tasks;
  AttemptCounts counts;
  for (std::size_t task = 0; task < (*run)->tasks.size(); ++task) {
    const core::TaskRow& row = (*run)->tasks[task];
    if (!is_active(row.state)) {
      continue;
    }
    ++counts.workers[row.worker];
    const model::TaskSettings& settings_of_row =
        task < tasks.size()
            ? tasks[task]
            : std::get<model::ForEachTask>(
                  tasks[block_of((*run)->record, static_cast<core::TaskIndex>(task)).parent].action)
                  .task.front();
    if (!settings_of_row.pool.empty()) {
      ++counts.pools[settings_of_row.pool];
    }
  }
  return counts;
}

}  // namespace

Result<Usage> UsageCounter::count(Context& context) {
  const std::size_t limit = context.service().max_counted_runs;
  auto listed = context.read()->runs({.active_only = true, .limit = limit + 1});
  if (!listed) {
    return fail(listed.error());
  }
  const bool is_partial = listed->size() > limit;
  if (is_partial) {
    listed->pop_back();
  }
  std::map<RunId, std::uint64_t> versions;
  for (const core::RunRecord& run : *listed) {
    if (run.state != model::RunState::kQueued) {
      versions.emplace(run.id, context.service().feed.version(run.id));
    }
  }
  // Opened after the versions were asked for: what is read is at least as new.
  auto counted = count_runs(context, *context.read(), versions);
  if (!counted) {
    return fail(counted.error());
  }
  Usage usage{.attempts = {}, .is_partial = is_partial};
  for (const auto& [run, known] : *counted) {
    for (const auto& [worker, count] : known.attempts.workers) {
      usage.attempts.workers[worker] += count;
    }
    for (const auto& [pool, count] : known.attempts.pools) {
      usage.attempts.pools[pool] += count;
    }
  }
  known_.with([&counted](auto& all) { all = std::move(*counted); });
  return usage;
}

Result<UsageCounter::KnownRuns> UsageCounter::count_runs(
    Context& context, const store::Reader& reader, const std::map<RunId, std::uint64_t>& versions) {
  const KnownRuns known = known_.with([](const KnownRuns& all) { return all; });
  KnownRuns counted;
  for (const auto& [run, version] : versions) {
    const auto found = known.find(run);
    if (found != known.end() && found->second.version == version) {
      counted.emplace(run, found->second);
      continue;
    }
    auto attempts = count_attempts(context, reader, run);
    if (!attempts) {
      return fail(attempts.error());
    }
    counted.emplace(run, Known{.version = version, .attempts = std::move(*attempts)});
  }
  return counted;
}

}  // namespace sheaf::http
